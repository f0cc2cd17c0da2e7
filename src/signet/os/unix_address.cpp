// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_address.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace signet::os {
namespace {

constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);

// The bytes of an address behind its family: nothing, a zero and an abstract name, or a path.
std::string_view part_of(const void* address, std::size_t bytes) {
    if (bytes <= path_offset || bytes > sizeof(sockaddr_un)) return {};
    return {static_cast<const char*>(address) + path_offset, bytes - path_offset};
}

std::string_view last_part(std::string_view path) {
    path = path.substr(0, path.find('\0'));
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

unix_address::unix_address(const directory& place, std::string_view name)
    : size_{address_bytes}, name_{name}, text_{place.path_of(name)} {
    static_assert(sizeof(sockaddr_un) == address_bytes);
    const std::string path =
        "/proc/self/fd/" + std::to_string(place.fd()) + "/" + std::string{name};
    sockaddr_un address{};
    if (path.size() >= sizeof address.sun_path) {
        fail(-ENAMETOOLONG, "name a socket", text_, "a socket's name has at most 85 bytes");
    }
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    std::memcpy(bytes_.data(), &address, sizeof address);
}

unix_address unix_address::abstract(std::string_view name) {
    if (name.empty()) throw contract_violation{"an abstract name has at least one byte"};
    unix_address made;
    made.name_ = name;
    made.text_.append("@").append(name);
    made.abstract_ = true;
    if (name.size() > abstract_name_bytes_max) {
        fail(-ENAMETOOLONG, "name a socket", made.text_, "an abstract name has at most 107 bytes");
    }
    const sa_family_t family = AF_UNIX;
    std::memcpy(made.bytes_.data(), &family, sizeof family);
    std::copy(name.begin(), name.end(), made.bytes_.begin() + path_offset + 1);
    made.size_ = static_cast<unsigned>(path_offset + 1 + name.size());
    return made;
}

unix_address unix_address::from_kernel(const void* address, std::size_t bytes) {
    const std::string_view part = part_of(address, bytes);
    if (part.size() > 1 && part.front() == '\0') return abstract(part.substr(1));
    unix_address found;
    found.name_ = last_part(part);
    found.text_ = found.name_;
    found.size_ = static_cast<unsigned>(std::min(bytes, address_bytes));
    std::memcpy(found.bytes_.data(), address, found.size_);
    return found;
}

}  // namespace signet::os
