// SPDX-License-Identifier: Apache-2.0
// Two hundred processes that start at once on one topic: every subscriber hears every publisher.
// SIGNET_ROUNDS makes it more than one round.
#include "../actors/actor.hpp"

#include <gtest/gtest.h>

#include <iostream>

namespace signet::tests {
namespace {

constexpr int per_role = 100;

int rounds_wanted() {
    const char* const wanted = std::getenv("SIGNET_ROUNDS");
    return wanted != nullptr ? std::atoi(wanted) : 1;
}

TEST(Many, AllFindEachOther) {
    const own_rendezvous place;
    for (int round = 0; round < rounds_wanted(); ++round) {
        const auto begin = clock::now();
        std::vector<os::child> all;
        for (int i = 0; i < 2 * per_role; ++i) {
            all.push_back(start_actor(
                {"meet", "many/" + std::to_string(round), i % 2 == 0 ? "p" : "s", "100"}));
        }
        int met = 0;
        for (const os::child& one : all) met += status_of(one) == 0;
        EXPECT_EQ(met, 2 * per_role);
        const std::chrono::duration<double> took = clock::now() - begin;
        std::cout << met << " processes met in " << took.count() << " s\n";
    }
}

}  // namespace
}  // namespace signet::tests
