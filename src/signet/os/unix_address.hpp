// SPDX-License-Identifier: Apache-2.0
// The address of a unix socket: a name in an open directory, or an abstract name, which lies in no
// directory but in the network namespace. A socket address holds 108 bytes, a path may be longer;
// so the directory is named by its descriptor under /proc/self/fd. A plain value.
//
// An abstract name vanishes with its socket, also with a killed one. But it has no owner and no
// permissions: any process in the network namespace may take the name first, or connect. So both
// sides look at the credentials of the other, and a secret never goes by such a name alone.
#pragma once

#include <signet/os/directory.hpp>

#include <array>
#include <string>
#include <string_view>

namespace signet::os {

class unix_address {
public:
    static constexpr std::size_t abstract_name_bytes_max = 107;

    /// Throws `error` where `name` is too long: more than about 85 bytes. Valid while `place` is
    /// open.
    unix_address(const directory& place, std::string_view name);

    /// An abstract name of 1 to `abstract_name_bytes_max` bytes; any bytes. Throws `error` where it
    /// is too long; an empty one is a contract_violation.
    static unix_address abstract(std::string_view name);

    /// What the kernel says of a sender. Of a path only the last part is kept: it was a path for
    /// that process only.
    static unix_address from_kernel(const void* address, std::size_t bytes);

    bool is_abstract() const noexcept { return abstract_; }

    /// The name without its directory; empty where a sender has none.
    const std::string& name() const noexcept { return name_; }

    /// For texts: the full path, or '@' and the abstract name.
    const std::string& text() const noexcept { return text_; }

    /// As the kernel takes it.
    const void* data() const noexcept { return bytes_.data(); }
    unsigned size() const noexcept { return size_; }

private:
    static constexpr std::size_t address_bytes = 110;

    unix_address() = default;

    alignas(8) std::array<char, address_bytes> bytes_{};
    unsigned size_ = 0;
    bool abstract_ = false;
    std::string name_;
    std::string text_;
};

}  // namespace signet::os
