// SPDX-License-Identifier: Apache-2.0
// How many descriptors this process may hold. Any thread; the limit is the whole process's.
#pragma once

#include <cstdint>
#include <system_error>

namespace signet::os {

struct descriptor_limits {
    std::uint64_t soft = 0;  ///< the limit in force (ulimit -n)
    std::uint64_t hard = 0;  ///< how far this process may raise it
    std::uint64_t used = 0;  ///< open now
};

/// Asks the kernel. Throws `error`.
descriptor_limits current_descriptor_limits();

/// Raises the limit in force as far as this process may; returns it. Throws `error`.
std::uint64_t raise_descriptor_limit();

/// Whether the kernel had no descriptor left, for this process, the whole system, or on its way
/// between two.
bool is_out_of_descriptors(const std::error_code& code);

}  // namespace signet::os
