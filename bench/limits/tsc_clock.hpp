// SPDX-License-Identifier: Apache-2.0
// The clock of all measurements: the processor's own counter, calibrated once against
// CLOCK_MONOTONIC, because reading it costs less than a system clock and disturbs a round trip of a
// hundred nanoseconds the least. Where the processor has none we know, it is CLOCK_MONOTONIC.
// Immutable, so free to use from any thread and across fork. Take both ends of a span on one cpu.
#pragma once

#include <limits_cpu.hpp>

#include <chrono>
#include <cstdint>

namespace limits {

class tsc_clock {
public:
    /// The one clock of this process. The first call calibrates it, which takes 20 ms; make it
    /// before forking, so that the processes agree.
    static const tsc_clock& instance();

    static std::uint64_t now() noexcept { return cpu::ticks(); }

    double ns_per_tick() const noexcept { return ns_per_tick_; }
    double ns(std::uint64_t ticks) const noexcept {
        return static_cast<double>(ticks) * ns_per_tick_;
    }
    std::uint64_t ticks(std::chrono::nanoseconds span) const noexcept {
        return static_cast<std::uint64_t>(static_cast<double>(span.count()) / ns_per_tick_);
    }

private:
    tsc_clock();

    double ns_per_tick_;
};

}  // namespace limits
