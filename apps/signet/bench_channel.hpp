// SPDX-License-Identifier: Apache-2.0
// What channels cost over each carrier, beside the bare system calls of what it is built on, in the
// same processes, turn by turn. For one thread that has no endpoints of its own: it forks.
#pragma once

#include "bench_pairs.hpp"
#include "bench_round.hpp"

#include <functional>
#include <string>
#include <vector>

namespace signet::command {

/// What is measured of the bare calls and of ours.
struct channel_pair {
    double raw = 0;
    double ours = 0;
};

struct channel_case {
    std::string name;        ///< such as "unix/round_trip"
    std::string carrier;     ///< its scheme
    std::string rival;       ///< what stands beside it
    std::string unit;        ///< of both numbers
    double wanted = 0;       ///< of ours by the rival's; 0: nothing is said
    bool more_wins = false;  ///< the ratio should be at least `wanted`; else at most
    std::function<channel_pair(const effort&)> round;
};

/// For each carrier that has addresses at which two processes meet.
std::vector<channel_case> channel_cases();

/// A round trip of 48 bytes by the bare calls of what carries `scheme`, both sides on one cpu, in
/// nanoseconds.
double raw_trip_ns(const std::string& scheme, const effort& how);

/// One of 64 bytes over a channel in shared memory whose two ends poll, on two cpus.
double polled_trip_ns(const effort& how);

/// Measures the chosen ones of `all`, and prints them; `pattern` is what they use. The status to
/// exit with.
int run_beside(std::vector<channel_case> all, const char* pattern, const pair_options& options);

/// What `signet bench answer PART` does: the part of the second process, for who started this one.
void answer_over_pipe(const std::string& part);

}  // namespace signet::command
