// SPDX-License-Identifier: Apache-2.0
#include <signet/os/kernel_setting.hpp>

#include <signet/base/error.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/kernel.hpp>

#include <fcntl.h>
#include <sys/syscall.h>

#include <array>
#include <charconv>

namespace signet::os {

std::optional<std::uint64_t> kernel_setting(const std::string& path) {
    const long number = call(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC, 0);
    if (number == -ENOENT || number == -EACCES) return std::nullopt;
    const descriptor file{static_cast<int>(check(number, "open", path))};
    std::array<char, 32> text{};
    // EINTR: the kernel answers from memory, so asking again is harmless.
    const long bytes = call_uninterrupted(SYS_read, file.get(), text.data(), text.size());
    std::uint64_t value = 0;
    const char* end = text.data() + check(bytes, "read", path);
    if (std::from_chars(text.data(), end, value).ec != std::errc{}) return std::nullopt;
    return value;
}

std::string describe_setting(const std::string& path) try {
    const std::optional<std::uint64_t> value = kernel_setting(path);
    return value ? path + ", now " + std::to_string(*value) : path;
} catch (const error&) {
    return path;
}

}  // namespace signet::os
