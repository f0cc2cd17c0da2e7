// SPDX-License-Identifier: Apache-2.0
// One round of a measurement: the limit, then ours, in processes pinned to their cpus, with a ping
// before and after. A round in which the machine changed its mood is thrown away and made again.
// For one thread that has no endpoints of its own: it forks.
#pragma once

#include "interruption.hpp"

#include <bench/limits/processes.hpp>
#include <bench/limits/samples.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace signet::command {

/// A directory of a measurement's own; gone with this object.
class private_directory {
public:
    /// Under `parent`; in memory where nothing is said. Throws `error`.
    explicit private_directory(const std::string& parent = "/dev/shm");
    private_directory(const private_directory&) = delete;
    private_directory& operator=(const private_directory&) = delete;
    ~private_directory();

    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

/// Runs the roles like limits::run_together, but they may throw: what the first one throws is
/// thrown here as std::runtime_error.
void run_measured(std::vector<limits::role> roles);

/// How long things take: all of it for numbers worth telling, less to see that it works.
struct effort {
    int rounds;
    std::chrono::milliseconds length;        ///< of ours, each round
    std::chrono::milliseconds limit_length;  ///< of a limit, each round
    std::chrono::milliseconds ping_length;
    int warm_up;            ///< round trips before the first one that counts
    int limit_repetitions;  ///< to choose the best shape of a limit
};
effort full_effort();
effort quick_effort();

/// What one round found. Of a round trip only the percentiles count, of a stream only the rate.
struct round_result {
    double limit = 0;
    limits::percentiles rtt_ns{};
    double msgs_per_s = 0;
};

/// Medians over the rounds.
struct measured {
    round_result middle;
    double limit_ratio = 0;
    double ping_before_ns = 0;
    double ping_after_ns = 0;
    int repeats = 0;  ///< rounds that were thrown away
};

/// Repeats `round` until enough of them had one mood from begin to end, or too many had not.
/// `ratio_of` says how a round compares with its limit. None: interrupted.
std::optional<measured> measure_rounds(const effort& how, const interruption& interrupted,
                                       const std::function<round_result()>& round,
                                       const std::function<double(const round_result&)>& ratio_of);

}  // namespace signet::command
