// SPDX-License-Identifier: Apache-2.0
// What one core copies: the price that a transport without copies does not pay. One repetition, in
// a forked child, so any thread may call; failures are those of run_together.
#pragma once

#include <chrono>
#include <cstddef>

namespace limits {

/// Gigabytes (1e9) a second that libc's memcpy moves from one warm buffer to another.
double copy_gb_per_s(std::size_t bytes, std::chrono::nanoseconds length);

}  // namespace limits
