// SPDX-License-Identifier: Apache-2.0
// No thread but your own: poll(2) watches a subscriber and its context.
#include <signet/context.hpp>
#include <signet/error.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <poll.h>
#include <array>
#include <cstdio>

struct tick {
    int count;
};

int main() try {
    signet::context loop{{.drive = signet::drive::manual}};
    signet::subscriber<tick> ticks{loop, "clock/tick"};
    signet::publisher<tick> clock{"clock/tick"};  // this one uses the shared context's thread

    std::array<pollfd, 2> watched{{{ticks.fd(), POLLIN, 0}, {loop.fd(), POLLIN, 0}}};
    for (int next = 1, seen = 0; seen < 3;) {
        poll(watched.data(), watched.size(), -1);
        loop.poll();
        if (clock.subscribers() == 1 && next == 1) {
            for (; next <= 3; ++next) clock.publish({next});
        }
        while (auto tick = ticks.try_receive()) {
            std::printf("tick %d\n", tick->count);
            seen = tick->count;
        }
    }
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "own_loop: %s\n", problem.what());
    return 1;
}
