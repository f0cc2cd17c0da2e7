// SPDX-License-Identifier: Apache-2.0
// A limit of the kernel that stands in a file under /proc/sys, and how to speak about it. Any
// thread; nothing here throws.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace signet::os {

/// The number in the file, such as "/proc/sys/kernel/shmmni"; the largest there is where it does
/// not fit. No value where it cannot be read.
std::optional<std::uint64_t> kernel_setting(const std::string& path);

/// "raise /proc/sys/kernel/shmmni, now 4096".
std::string raise_setting(const std::string& path);

}  // namespace signet::os
