// SPDX-License-Identifier: Apache-2.0
// A storm of kills: publishers and subscribers of two topics, one of small and one of large
// messages, are killed at random moments, from their first instruction on, and started again. Two
// survivors of each kind, in this process, check every message and must get on. Now and then a
// process is stopped for a while and must not be taken for dead, or comes and leaves in good order.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace signet::tests {

struct storm_options {
    int kills = 100;
    std::chrono::seconds limit{0};  ///< not zero: for so long, however many kills that is
    std::uint64_t seed = 1;
    bool stops_at_fault = false;  ///< this process, SIGSTOP, for a debugger
};

struct storm_report {
    int kills = 0;
    int kills_of_joined = 0;  ///< the others were still starting, or shaking hands
    int stops = 0;
    int guests = 0;                   ///< came, and left in good order
    std::uint64_t received = 0;       ///< messages the survivors checked
    std::size_t publishers_seen = 0;  ///< by the surviving subscribers
    int descriptors_growth = 0;       ///< of this process, from a calm moment after the first
                                      ///< kills to one at the end
    long memory_growth_kb = 0;        ///< anonymous memory, likewise
    long shared_growth_kb = 0;        ///< mapped shared memory, likewise
    std::ptrdiff_t names_left = 0;    ///< in the rendezvous directory, when all are gone
    double notice_median_us = 0;      ///< from the kill to the event
    double notice_max_us = 0;
    std::chrono::seconds held_up{0};  ///< that were not counted: fair_watchdog.hpp
    std::vector<std::string> faults;  ///< empty: all is well

    std::string summary() const;
};

/// Uses SIGNET_DIR.
storm_report run_storm(const storm_options& how);

}  // namespace signet::tests
