// SPDX-License-Identifier: Apache-2.0
// An empty directory of a test's own, in memory, removed with all it holds when the object goes.
#pragma once

#include <string>

namespace signet::testing {

class temporary_directory {
public:
    /// Throws std::system_error.
    temporary_directory();
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory();

    const std::string& path() const noexcept { return path_; }

private:
    std::string path_ = "/dev/shm/signet-test-XXXXXX";
};

}  // namespace signet::testing
