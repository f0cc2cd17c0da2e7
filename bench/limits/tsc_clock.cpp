// SPDX-License-Identifier: Apache-2.0
#include <bench/limits/tsc_clock.hpp>

#include <limits>

namespace limits {
namespace {

using std::chrono::steady_clock;

struct instant {
    std::uint64_t ticks;
    steady_clock::time_point time;
};

// One moment on both clocks. Of several tries the one with the shortest way between the readings
// counts: in a longer one something came between.
instant read_both() {
    instant best{};
    std::uint64_t shortest = std::numeric_limits<std::uint64_t>::max();
    for (int i = 0; i < 16; ++i) {
        const std::uint64_t before = cpu::ticks();
        const auto time = steady_clock::now();
        const std::uint64_t way = cpu::ticks() - before;
        if (way < shortest) {
            shortest = way;
            best = {before + way / 2, time};
        }
    }
    return best;
}

double calibrate() {
    if constexpr (cpu::ticks_are_nanoseconds) {
        return 1.0;
    }
    const instant from = read_both();
    while (steady_clock::now() - from.time < std::chrono::milliseconds(20)) {
        cpu::relax();
    }
    const instant to = read_both();
    const std::chrono::duration<double, std::nano> span = to.time - from.time;
    return span.count() / static_cast<double>(to.ticks - from.ticks);
}

}  // namespace

tsc_clock::tsc_clock() : ns_per_tick_(calibrate()) {}

const tsc_clock& tsc_clock::instance() {
    static const tsc_clock clock;
    return clock;
}

}  // namespace limits
