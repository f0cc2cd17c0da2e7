// SPDX-License-Identifier: Apache-2.0
// The measurements of topics in shared memory: round trips, streams and fan-out, each beside the
// limit it is compared with. For one thread that has no endpoints of its own: it forks.
#pragma once

#include "bench_round.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace signet::command {

enum class bench_kind { round_trip, stream, fan_out };

/// What is measured, and against what.
struct bench_case {
    std::string name;  ///< such as "round_trip/48"
    bench_kind kind{};
    std::size_t payload_bytes = 0;
    std::string wait;  ///< "poll" or "sleep"
    int subscribers = 1;
    int cores = 2;
    std::string limit_name;  ///< such as "cacheline_rtt_ns"
    std::function<round_result(const effort&)> round;

    /// Ours by the limit: lower is better for round trips, higher for the others.
    double ratio_of(const round_result& one) const;

    bool compares_bytes() const { return limit_name == "bulk_ring_gb_per_s"; }
};

struct bench_result {
    bench_case what;
    measured numbers;
};

/// Every case this machine can run; on a single cpu that is little.
std::vector<bench_case> topic_cases();

}  // namespace signet::command
