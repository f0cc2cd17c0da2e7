// SPDX-License-Identifier: Apache-2.0
// Three candidates, of which one leads: whoever gets the lock. When it is killed, another one gets
// it, and is told that it comes after somebody dead.
#include <signet/error.hpp>
#include <signet/shared.hpp>
#include <signet/sync.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>

struct office {
    std::uint32_t term;
    std::int32_t leader;  // its pid
    std::uint32_t came_after_a_death;
};

void candidate() {
    const signet::region town{"example/town"};
    signet::mutex leadership{town, "leadership"};
    signet::shared<office> held{town, "office"};
    const bool after_a_death = leadership.lock_inherited();  // waits until nobody leads
    leadership.mark_consistent();
    held.with([&](office& now) { now = {now.term + 1, getpid(), after_a_death ? 1u : 0u}; });
    while (true) pause();  // leads
}

int main() try {
    signet::region::remove("example/town");  // what an earlier run left
    for (int i = 0; i < 3; ++i) {
        if (fork() == 0) candidate();
    }
    const signet::region town{"example/town"};
    signet::shared<office> held{town, "office"};
    for (std::uint32_t term = 1; term <= 3; ++term) {
        const office now = held.wait([&](const office& seen) { return seen.term == term; });
        std::printf("term %u: a new leader%s\n", now.term,
                    now.came_after_a_death != 0 ? ", after the death of the last one" : "");
        kill(now.leader, SIGKILL);
        waitpid(now.leader, nullptr, 0);
    }
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "leader: %s\n", problem.what());
    return 1;
}
