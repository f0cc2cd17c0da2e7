// SPDX-License-Identifier: Apache-2.0
// Receiving in an Asio loop.
#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"

#include <signet/asio.hpp>
#include <signet/error.hpp>

#include <gtest/gtest.h>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

namespace signet::tests {
namespace {

using testing::watchdog;

constexpr int each = 2000;

asio::awaitable<void> hear(subscriber<small_message>& from, int& count) {
    const auto here = co_await asio::this_coro::executor;
    sequence_check order;
    while (count < each) {
        const auto next = co_await async_receive(from, here, asio::use_awaitable);
        if (!next || order.fault_of(next)) co_return;
        ++count;
    }
}

class Asio : public ::testing::Test {
protected:
    const own_rendezvous place_;
    context here_{};
    subscriber<small_message> in_{here_, "asio", {.policy = delivery::block}};
    asio::io_context loop_;
};

TEST_F(Asio, ACoroutineReceivesAllThatAProcessSays) {
    int count = 0;
    asio::co_spawn(loop_, hear(in_, count), asio::detached);
    const auto speaker = start_actor({"say", "asio", std::to_string(each)});
    loop_.run_for(watchdog);
    EXPECT_EQ(count, each);
}

TEST_F(Asio, ACallbackIsNeverCalledFromWithinTheCallThatStartsIt) {
    here_.stop();
    bool called = false;
    async_receive(in_, loop_, [&](std::exception_ptr, auto) { called = true; });
    EXPECT_FALSE(called);
    loop_.run();
    EXPECT_TRUE(called);
}

TEST_F(Asio, AFutureGetsTheMessage) {
    publisher<small_message> out{here_, "asio"};
    auto future = async_receive(in_, loop_, asio::use_future);
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish({.author = 1, .number = 7, .words = {}});
    loop_.run_for(watchdog);
    EXPECT_EQ(future.get()->number, 7u);
}

TEST_F(Asio, ACancellationEndsIt) {
    asio::cancellation_signal signal;
    bool aborted = false;
    async_receive(in_, loop_,
                  asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr why, auto) {
                      aborted = why != nullptr;
                  }));
    asio::steady_timer timer{loop_, std::chrono::milliseconds{1}};
    timer.async_wait([&](std::error_code) { signal.emit(asio::cancellation_type::all); });
    loop_.run_for(watchdog);
    EXPECT_TRUE(aborted);
}

}  // namespace
}  // namespace signet::tests
