// SPDX-License-Identifier: Apache-2.0
#include <signet/os/file_place.hpp>

#include <signet/base/error.hpp>

#include <fcntl.h>

#include <cstddef>
#include <utility>

namespace signet::os {

file_place::file_place(int base, std::string name, std::string path)
    : base_{base}, name_{std::move(name)}, path_{std::move(path)} {}

file_place::file_place(std::string path) : base_{AT_FDCWD}, name_{path}, path_{std::move(path)} {
    const std::string_view last = last_name();
    if (last.empty() || last == "." || last == "..") {
        throw contract_violation{"not the path of a file: '" + path_ + "'"};
    }
}

file_place::file_place(const directory& in, std::string_view name)
    : base_{in.fd()}, name_{name}, path_{in.path_of(name)} {}

file_place file_place::beside(std::string_view name) const {
    const auto with_name = [name](const std::string& of) {
        return of.substr(0, of.rfind('/') + 1) + std::string{name};  // npos + 1 is 0
    };
    return {base_, with_name(name_), with_name(path_)};
}

std::string_view file_place::last_name() const noexcept {
    return std::string_view{name_}.substr(name_.rfind('/') + 1);
}

std::string file_place::directory_name() const {
    const std::size_t slash = name_.rfind('/');
    return slash == std::string::npos ? "." : name_.substr(0, slash + 1);
}

}  // namespace signet::os
