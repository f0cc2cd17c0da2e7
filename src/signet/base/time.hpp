// SPDX-License-Identifier: Apache-2.0
// Time as Signet uses it: one monotonic clock, and absolute deadlines on it. Plain values, free to
// share between threads. A deadline of `never` means: wait until the event.
#pragma once

#include <chrono>

namespace signet {

using clock = std::chrono::steady_clock;  ///< CLOCK_MONOTONIC: the same in every process here

/// The instant at which a wait gives up.
using deadline = clock::time_point;

inline constexpr deadline never = deadline::max();

/// The deadline that lies `duration` ahead; `never` where that would overflow.
constexpr deadline after(std::chrono::nanoseconds duration, clock::time_point now) noexcept {
    return duration >= never - now ? never : now + duration;
}

inline deadline after(std::chrono::nanoseconds duration) {
    return after(duration, clock::now());
}

}  // namespace signet
