// SPDX-License-Identifier: Apache-2.0
// A whole program in one thread: coroutines, and a context without a thread of its own.
#include <signet/error.hpp>
#include <signet/loop.hpp>

#include <chrono>
#include <cstdio>

struct tick {
    int count;
};

signet::task<> tell(signet::loop& loop, signet::publisher<tick>& clock) {
    const bool somebody = co_await loop.wait_for_subscribers(clock, 1);
    for (int count = 1; somebody && count <= 3; ++count) {
        const bool sent = co_await loop.publish(clock, {count});
        const bool slept = co_await loop.sleep_for(std::chrono::milliseconds{1});
        if (!sent || !slept) co_return;
    }
    loop.stop();
}

signet::task<> hear(signet::loop& loop, signet::subscriber<tick>& ticks) {
    while (auto tick = co_await loop.receive(ticks)) std::printf("tick %d\n", tick->count);
    std::puts("stopped");
}

int main() try {
    signet::context here{{.drive = signet::drive::manual}};
    signet::subscriber<tick> ticks{here, "clock/tick", {.policy = signet::delivery::block}};
    signet::publisher<tick> clock{here, "clock/tick"};
    signet::loop loop;
    loop.spawn(hear(loop, ticks));
    loop.spawn(tell(loop, clock));
    loop.run();
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "one_thread: %s\n", problem.what());
    return 1;
}
