// SPDX-License-Identifier: Apache-2.0
// What a tour looks like: numbers in, lines out. No state; any thread.
#pragma once

#include <tour/messages.hpp>
#include <tour/screen.hpp>
#include <tour/tally.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace tour {

/// One process on the screen.
struct row {
    role_id role{};
    int pid = 0;
    std::string state;
    double messages_per_s = 0;
    double bytes_per_s = 0;
    role_stats stats{};
    std::uint64_t resident_bytes = 0;
    std::uint64_t shared_bytes = 0;
};

/// What this machine could do at best, measured before the tour began.
struct machine_limits {
    double cacheline_ns = 0;  ///< one way between two cores, polled
    double wake_ns = 0;       ///< one way, waking a sleeper
};

struct scene {
    std::chrono::milliseconds elapsed{};
    std::optional<std::chrono::milliseconds> length;  ///< none: until it is stopped
    machine_limits limits{};
    std::vector<row> rows;
    std::optional<telemetry> machine;
    std::string busiest;
    totals sums{};
    std::vector<std::int64_t> notice_delays;
    std::uint64_t orphaned_bytes = 0;
    std::uint64_t files_hashed = 0;
    std::uint64_t bytes_hashed = 0;
    std::deque<std::string> events;
    std::string closing;  ///< what is being done at the end; empty before
};

std::vector<line> draw(const scene& now);

/// "850 ns", "12.3 µs", "1.2 ms", "3.4 s".
std::string duration_text(std::int64_t nanoseconds);

/// "512 B", "64.0 KiB", "1.5 GiB".
std::string bytes_text(std::uint64_t bytes);

}  // namespace tour
