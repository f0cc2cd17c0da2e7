// SPDX-License-Identifier: Apache-2.0
// The limits of this machine in one object: what no message between two of its processes can beat,
// measured without the library. README.md in this folder says what each one is. Everything runs in
// forked children, so any thread may call; failures are those of run_together (processes.hpp).
#pragma once

#include <cstddef>
#include <string>

namespace limits {

struct report {
    double cacheline_rtt_ns;
    double futex_rtt_ns;
    double futex_rtt_one_core_ns;
    double copy_gb_per_s;
    double ring_msgs_per_s;
    std::size_t cores;

    struct {
        double cacheline_rtt_before_ns;
        double cacheline_rtt_after_ns;
        int repeats;
    } mood;
};

/// Measures for about three seconds times `scale`, which is above zero. A run in which the machine
/// changed its mood is made again, up to five times; the last one counts as it is.
report measure(double scale = 1.0);

/// One JSON object with the field names of `report`.
std::string to_json(const report& limits);

}  // namespace limits
