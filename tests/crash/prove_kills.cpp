// SPDX-License-Identifier: Apache-2.0
// The long storm: prove_kills [--kills 2000 | --seconds 0] [--seed 1] [--stop-at-fault 0]. One line
// of summary; status 1 on a fault, at which it stops (SIGSTOP) if asked to, for a debugger.
#include "../actors/actor.hpp"
#include "storm.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

int main(int count, char** words) {
    signet::tests::storm_options how{.kills = 2000};
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string option = words[i];
        if (option == "--kills") how.kills = std::atoi(words[i + 1]);
        if (option == "--seconds") how.limit = std::chrono::seconds{std::atoi(words[i + 1])};
        if (option == "--stop-at-fault") how.stops_at_fault = std::atoi(words[i + 1]) != 0;
        if (option == "--seed") how.seed = std::strtoull(words[i + 1], nullptr, 10);
    }
    const signet::tests::own_rendezvous place;
    const auto report = signet::tests::run_storm(how);
    std::puts(report.summary().c_str());
    for (const std::string& fault : report.faults) std::puts(fault.c_str());
    return report.faults.empty() ? 0 : 1;
}
