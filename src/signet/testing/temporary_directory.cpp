// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/temporary_directory.hpp>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace signet::testing {

temporary_directory::temporary_directory() {
    if (mkdtemp(path_.data()) != nullptr) return;
    throw std::system_error{errno, std::generic_category(), "create " + path_};
}

temporary_directory::~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace signet::testing
