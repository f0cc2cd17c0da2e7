// SPDX-License-Identifier: Apache-2.0
#include <signet/os/coarse_clock.hpp>

#include <ctime>

namespace signet::os {

clock::time_point coarse_now() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);  // cannot fail with this clock
    return clock::time_point{std::chrono::seconds{now.tv_sec} +
                             std::chrono::nanoseconds{now.tv_nsec}};
}

}  // namespace signet::os
