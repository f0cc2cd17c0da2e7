// SPDX-License-Identifier: Apache-2.0
// A short storm for every run; SIGNET_KILLS makes it longer, prove_kills makes it a proof.
#include "../actors/actor.hpp"
#include "storm.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

namespace signet::tests {
namespace {

int kills_wanted() {
    const char* const wanted = std::getenv("SIGNET_KILLS");
    return wanted != nullptr ? std::atoi(wanted) : 100;
}

TEST(KillStorm, SurvivorsMissNothingWhoeverIsKilled) {
    const own_rendezvous place;
    const storm_report report = run_storm({.kills = kills_wanted()});
    std::cout << report.summary() << '\n';
    for (const std::string& fault : report.faults) ADD_FAILURE() << fault;
}

}  // namespace
}  // namespace signet::tests
