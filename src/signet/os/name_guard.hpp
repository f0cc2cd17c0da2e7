// SPDX-License-Identifier: Apache-2.0
// Removes a name that was just made, unless what had to follow has succeeded. One thread.
#pragma once

#include <string>
#include <string_view>

namespace signet::os {

class name_guard {
public:
    /// For `name` in the directory `place`, which stays open meanwhile.
    name_guard(int place, std::string_view name) : place_{place}, name_{name} {}
    name_guard(const name_guard&) = delete;
    name_guard& operator=(const name_guard&) = delete;
    ~name_guard();

    /// All went well: the name stays.
    void keep() noexcept { kept_ = true; }

private:
    int place_;
    std::string name_;
    bool kept_ = false;
};

}  // namespace signet::os
