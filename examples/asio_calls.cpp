// SPDX-License-Identifier: Apache-2.0
// Calls that are awaited in an Asio loop, beside a timer.
#include <signet/error.hpp>
#include <signet/service.hpp>

#include <unistd.h>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <chrono>
#include <cstdio>

// For one coroutine of a client at a time: what one takes another would wait for.
template <class Result>
asio::awaitable<Result> answer_of(signet::client& desk, signet::async_result<Result> call) {
    const auto here = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor news{here, dup(desk.fd())};
    for (desk.poll(); !call.ready(); desk.poll()) {
        co_await news.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
    }
    co_return call.get();
}

asio::awaitable<void> call_in_asio(signet::client& desk) {
    const int five = co_await answer_of(desk, desk.async_call<int>("add", 2, 3));
    std::printf("2 + 3 = %d\n", five);
}

asio::awaitable<void> tick(int count) {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    for (int left = count; left > 0; --left) {
        timer.expires_after(std::chrono::milliseconds{1});
        co_await timer.async_wait(asio::use_awaitable);
    }
}

int main() try {
    signet::server sums{"sums"};
    sums.handle("add", [](int a, int b) { return a + b; });
    sums.serve_in_background(1);

    signet::client desk{"sums"};
    asio::io_context loop;
    auto ticked = asio::co_spawn(loop, tick(3), asio::use_future);
    auto called = asio::co_spawn(loop, call_in_asio(desk), asio::use_future);
    loop.run();
    ticked.get();
    called.get();
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "asio_calls: %s\n", problem.what());
    return 1;
}
