// SPDX-License-Identifier: Apache-2.0
// What locks and shared objects cost, each beside a rival in the same round: what the C library has
// for processes, or the limit of the machine. For one thread that has no region of its own: it
// forks.
#pragma once

#include "bench_round.hpp"

#include <functional>
#include <string>
#include <vector>

namespace signet::command {

/// What is measured of somebody else's and of ours.
struct sync_pair {
    double rival = 0;
    double ours = 0;
};

struct sync_case {
    std::string name;        ///< such as "mutex/alone"
    std::string rival;       ///< what stands beside it
    std::string unit;        ///< of both numbers
    double wanted = 0;       ///< of ours by the rival's; 0: nothing is said
    bool more_wins = false;  ///< the ratio should be at least `wanted`; else at most
    std::function<sync_pair(const effort&)> round;
};

/// By one process alone, in turns with the rival.
std::vector<sync_case> alone_cases();

/// By two processes on two cpus.
std::vector<sync_case> pair_cases();

}  // namespace signet::command
