// SPDX-License-Identifier: Apache-2.0
// What the measurements need of an x86-64 processor. generic/ holds the same for all others; the
// build takes one of the two folders. Free of state, for any thread.
#pragma once

#include <x86intrin.h>

#include <cstdint>

namespace limits::cpu {

inline constexpr bool ticks_are_nanoseconds = false;

/// The time stamp counter, read after all earlier instructions have run. It ticks at one rate on
/// all cpus of any machine that Linux lets use it as its clock.
inline std::uint64_t ticks() noexcept {
    unsigned processor;
    return __rdtscp(&processor);
}

/// Tells the core that this is a spin loop.
inline void relax() noexcept {
    _mm_pause();
}

}  // namespace limits::cpu
