// SPDX-License-Identifier: Apache-2.0
// What a tour claims in the end, whether it is true, and both as words and as JSON. No state; any
// thread.
#pragma once

#include <tour/leftovers.hpp>
#include <tour/picture.hpp>
#include <tour/stranger.hpp>
#include <tour/tally.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace tour {

/// Everything that is known when the last process is gone.
struct outcome {
    std::chrono::milliseconds lasted{};
    bool interrupted = false;  ///< by a person: what needs time is not claimed then
    std::uint64_t kills_least = 2;
    std::uint64_t files_least = 1;
    totals sums{};
    std::array<std::uint64_t, role_count> kills{};
    std::array<std::uint64_t, role_count> messages{};
    std::vector<std::int64_t> notice_delays;
    std::vector<std::int64_t> return_delays;
    std::uint64_t files_hashed = 0;  ///< each once
    std::uint64_t hashes = 0;
    std::uint64_t bytes_hashed = 0;
    std::uint64_t contradictions = 0;
    opinion sha256sum{};
    std::uint64_t bytes_left = 0;
    names_left names{};
    machine_limits limits{};
};

/// What was claimed and is not true, a sentence each; none: all is well.
std::vector<std::string> find_faults(const outcome& what);

/// The summary, for people.
std::vector<line> summarize(const outcome& what);

/// The same for programs: one line.
std::string to_json(const outcome& what);

}  // namespace tour
