// SPDX-License-Identifier: Apache-2.0
#include <tour/limits.hpp>

#include <bench/limits/futex.hpp>
#include <bench/limits/ping.hpp>

namespace tour {

machine_limits measure_limits() {
    using namespace std::chrono_literals;
    constexpr double ways = 2;  // a round trip is there and back
    return {limits::ping(20ms) / ways, limits::futex_rtt_ns(limits::two_cpus(), 60ms) / ways};
}

}  // namespace tour
