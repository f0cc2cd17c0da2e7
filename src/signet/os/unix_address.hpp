// SPDX-License-Identifier: Apache-2.0
// The address of a unix socket in an open directory. A socket address holds 108 bytes, a path may
// be longer; so the directory is named by its descriptor under /proc/self/fd. A plain value.
#pragma once

#include <signet/os/directory.hpp>

#include <array>
#include <string_view>

namespace signet::os {

class unix_address {
public:
    /// Throws `error` where `name` is too long: more than about 85 bytes. Valid while `place` is
    /// open.
    unix_address(const directory& place, std::string_view name);

    /// As the kernel takes it.
    const void* data() const noexcept { return bytes_.data(); }
    unsigned size() const noexcept { return static_cast<unsigned>(bytes_.size()); }

private:
    static constexpr std::size_t address_bytes = 110;

    alignas(8) std::array<char, address_bytes> bytes_{};
};

}  // namespace signet::os
