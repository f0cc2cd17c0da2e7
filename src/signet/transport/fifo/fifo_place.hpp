// SPDX-License-Identifier: Apache-2.0
// The address of a channel over named pipes, taken apart, and the names that belong to it. Values;
// any thread.
#pragma once

#include <signet/os/directory.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace signet::transport::fifo {

class fifo_place {
public:
    /// `where` is an absolute path. Throws `error` (bad_name), and where its directory cannot be
    /// opened.
    explicit fifo_place(const std::string& where);

    const os::directory& directory() const noexcept { return directory_; }

    /// What the listener reads with framing::messages.
    const std::string& name() const noexcept { return name_; }

    /// "robot.in", and with the number of a private pair "robot.0123456789abcdef.in": towards the
    /// listener; and away from it.
    std::string in(std::string_view number = {}) const { return with(number, ".in"); }
    std::string out(std::string_view number = {}) const { return with(number, ".out"); }

    /// The pipe of a private pair that `entry` is, or whose lock it is; none: neither.
    std::optional<std::string> private_pipe(std::string_view entry) const;

    /// "fifo:///run/robot"
    const std::string& text() const noexcept { return text_; }

private:
    std::string with(std::string_view number, std::string_view ending) const;

    std::string text_;
    std::string name_;
    os::directory directory_;
};

/// The number of a private pair in text: so many hexadecimal digits.
inline constexpr std::size_t number_digits = 16;

bool is_number(std::string_view text) noexcept;

}  // namespace signet::transport::fifo
