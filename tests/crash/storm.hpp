// SPDX-License-Identifier: Apache-2.0
// A storm of kills: publishers and subscribers of two topics, one of small and one of large
// messages, are killed at random moments, from their first instruction on, and started again. Two
// survivors of each kind, in this process, check every message and must get on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace signet::tests {

struct storm_report {
    int kills = 0;
    int kills_of_joined = 0;          ///< the others were still starting, or shaking hands
    std::uint64_t received = 0;       ///< messages the survivors checked
    std::size_t publishers_seen = 0;  ///< by the surviving subscribers
    int descriptors_growth = 0;       ///< of this process, between two calm moments
    long memory_growth_kb = 0;        ///< anonymous memory, likewise
    double notice_median_us = 0;      ///< from the kill to the event
    double notice_max_us = 0;
    std::vector<std::string> faults;  ///< empty: all is well

    std::string summary() const;
};

/// Kills `kills` times. Uses SIGNET_DIR.
storm_report run_storm(int kills, std::uint64_t seed);

}  // namespace signet::tests
