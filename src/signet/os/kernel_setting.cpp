// SPDX-License-Identifier: Apache-2.0
#include <signet/os/kernel_setting.hpp>

#include <signet/os/descriptor.hpp>
#include <signet/os/kernel.hpp>

#include <fcntl.h>
#include <sys/syscall.h>

#include <array>
#include <charconv>
#include <limits>
#include <system_error>

namespace signet::os {

std::optional<std::uint64_t> kernel_setting(const std::string& path) {
    // EINTR: files that the kernel makes up are opened and read at once.
    const descriptor setting{static_cast<int>(
        call_uninterrupted(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC, 0))};
    if (!setting) return std::nullopt;
    std::array<char, 64> text;
    const long bytes = call_uninterrupted(SYS_read, setting.get(), text.data(), text.size());
    if (bytes <= 0) return std::nullopt;
    std::uint64_t number = 0;
    const auto end = std::from_chars(text.data(), text.data() + bytes, number);
    if (end.ec == std::errc::result_out_of_range) return std::numeric_limits<std::uint64_t>::max();
    if (end.ec != std::errc{}) return std::nullopt;
    return number;
}

std::string raise_setting(const std::string& path) {
    const std::optional<std::uint64_t> now = kernel_setting(path);
    return "raise " + path + (now ? ", now " + std::to_string(*now) : std::string{});
}

}  // namespace signet::os
