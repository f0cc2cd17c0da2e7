// SPDX-License-Identifier: Apache-2.0
// What others cost those who do their work: idle, slow, stopped and dead subscribers, an observer,
// and a loan in place of a buffer. Each beside the same without, in the same round. For one thread
// that has no endpoints of its own: it forks.
#pragma once

#include "bench_round.hpp"

#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace signet::command {

struct crowd_message {
    std::uint64_t words[8];
};
static_assert(sizeof(crowd_message) == 64);

/// What is measured without and with the others.
struct crowd_pair {
    double without = 0;
    double with = 0;
};

struct crowd_case {
    std::string name;        ///< such as "idle/100"
    std::string unit;        ///< of both numbers, such as "ns per publish"
    double wanted = 0;       ///< of `with` by `without`; 0: nothing is said
    bool more_wins = false;  ///< the ratio should be at least `wanted`; else at most
    std::function<crowd_pair(const effort&)> round;
};

/// Where a third process runs: beside the second one where there are but two.
inline int third_cpu() {
    const std::vector<int> cpus = limits::allowed_cpus();
    return cpus[std::min<std::size_t>(2, cpus.size() - 1)];
}

crowd_case idle_case();
crowd_case encode_case();
crowd_case observed_case();

/// One each for a third subscriber that is slow, stopped and dead.
std::vector<crowd_case> disturbed_cases();

}  // namespace signet::command
