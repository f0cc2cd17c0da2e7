// SPDX-License-Identifier: Apache-2.0
// Numbers that the kernel shows, and lets an administrator change, below /proc/sys. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace signet::os {

/// The number that stands in `path`, such as "/proc/sys/fs/pipe-max-size". No value where there is
/// none: another kernel, or no /proc. Throws `error` at the limit of open files.
std::optional<std::uint64_t> kernel_setting(const std::string& path);

/// For advice: the path, and what stands there now where that can be told. Throws nothing but for
/// lack of memory.
std::string describe_setting(const std::string& path);

}  // namespace signet::os
