// SPDX-License-Identifier: Apache-2.0
// A subscriber in an Asio loop, beside a timer.
#include <signet/asio.hpp>
#include <signet/error.hpp>
#include <signet/publisher.hpp>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <chrono>
#include <cstdio>

struct tick {
    int count;
};

asio::awaitable<void> tell(signet::publisher<tick>& clock) {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    for (int count = 1; count <= 3; ++count) {
        clock.publish({count});
        timer.expires_after(std::chrono::milliseconds{1});
        co_await timer.async_wait(asio::use_awaitable);
    }
}

asio::awaitable<void> hear(signet::subscriber<tick>& ticks) {
    const auto here = co_await asio::this_coro::executor;
    for (int seen = 0; seen < 3; ++seen) {
        const auto tick = co_await signet::async_receive(ticks, here, asio::use_awaitable);
        std::printf("tick %d\n", tick->count);
    }
}

int main() try {
    signet::subscriber<tick> ticks{"clock/tick", {.policy = signet::delivery::block}};
    signet::publisher<tick> clock{"clock/tick"};
    clock.wait_for_subscribers(1);
    asio::io_context loop;
    auto heard = asio::co_spawn(loop, hear(ticks), asio::use_future);
    auto told = asio::co_spawn(loop, tell(clock), asio::use_future);
    loop.run();
    told.get();
    heard.get();
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "asio_loop: %s\n", problem.what());
    return 1;
}
