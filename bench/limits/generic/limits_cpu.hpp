// SPDX-License-Identifier: Apache-2.0
// What the measurements need of a processor about which nothing is known; x86_64/ holds the better
// form for x86-64, and the build takes one of the two folders. Free of state, for any thread.
#pragma once

#include <time.h>

#include <cstdint>

namespace limits::cpu {

inline constexpr bool ticks_are_nanoseconds = true;

inline std::uint64_t ticks() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);  // cannot fail: every kernel has this clock
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec);
}

/// There is no portable hint for spin loops.
inline void relax() noexcept {}

}  // namespace limits::cpu
