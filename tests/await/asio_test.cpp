// SPDX-License-Identifier: Apache-2.0
// Receiving, sending and accepting in an Asio loop.
#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"

#include <signet/asio.hpp>
#include <signet/error.hpp>
#include <signet/listener.hpp>
#include <signet/queue.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <future>
#include <string>
#include <thread>
#include <vector>

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

asio::awaitable<void> work_on(queue<int>& jobs, std::vector<int>& got, std::size_t count) {
    const auto here = co_await asio::this_coro::executor;
    while (got.size() < count) {
        auto one = co_await async_pop(jobs, here, asio::use_awaitable);
        got.push_back(*one);
        one.ack();
    }
}

TEST_F(Asio, ACoroutinePopsWhatAnotherHandlePushes) {
    queue<int> jobs{"asio-jobs"};
    std::vector<int> got;
    asio::co_spawn(loop_, work_on(jobs, got, 3), asio::detached);
    std::jthread pushes{[] {
        queue<int> other{"asio-jobs"};
        for (int i = 1; i <= 3; ++i) other.push(i);
    }};
    loop_.run_for(watchdog);
    EXPECT_EQ(got, (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(jobs.length(), 0u);
}

TEST_F(Asio, APopThatIsCancelledTakesNothing) {
    queue<int> jobs{"asio-jobs"};
    asio::cancellation_signal cancel;
    std::exception_ptr failure;
    async_pop(jobs, loop_,
              asio::bind_cancellation_slot(cancel.slot(),
                                           [&](std::exception_ptr why, auto) { failure = why; }));
    asio::post(loop_, [&] { cancel.emit(asio::cancellation_type::terminal); });
    loop_.run_for(watchdog);
    EXPECT_THROW(std::rethrow_exception(failure), std::system_error);
    jobs.push(7);
    EXPECT_EQ(*jobs.pop(), 7);
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

// ---- channels -----------------------------------------------------------------------------------

struct speech {
    std::string words;
};

class AsioChannels : public ::testing::Test {
protected:
    const testing::temporary_directory place_;
    const std::string where_ = "unix://" + place_.path() + "/door";
    asio::io_context loop_;
};

asio::awaitable<void> answer_all(listener<speech>& door, int& count) {
    const auto here = co_await asio::this_coro::executor;
    auto line = co_await async_accept(door, here, asio::use_awaitable);
    for (;;) {
        const auto next = co_await async_receive(*line, here, asio::use_awaitable);
        if (!next) co_return;
        const bool sent = co_await async_send(*line, *next, here, asio::use_awaitable);
        if (!sent) co_return;
        ++count;
    }
}

TEST_F(AsioChannels, ACoroutineAnswersAllThatAClientAsks) {
    listener<speech> door{where_};
    int count = 0;
    asio::co_spawn(loop_, answer_all(door, count), asio::detached);
    std::thread client{[&] {
        channel<speech> line{where_};
        for (int i = 0; i < 20; ++i) {
            line.send({std::string(static_cast<std::size_t>(i) * 50'000, 'x')});
            if (!line.receive()) return;
        }
    }};
    loop_.run_for(watchdog);
    client.join();
    EXPECT_EQ(count, 20);
}

TEST_F(AsioChannels, ADeathIsTheExceptionOfAFuture) {
    raw_listener door{where_};
    testing::forked_peer victim{[this] {
        const raw_channel line{where_};
        return testing::wait_to_be_killed(), 0;
    }};
    auto line = door.accept();
    auto future = async_receive(*line, loop_, asio::use_future);
    victim.kill();
    loop_.run_for(watchdog);
    EXPECT_THROW(future.get(), error);
}

TEST_F(AsioChannels, OneThatIsSentAndHasNoRoomGoesWhenThereIs) {
    raw_listener door{where_};
    auto client = std::async(std::launch::async, [this] { return raw_channel{where_}; });
    auto server = door.accept();
    raw_channel line = client.get();
    const std::string large(4'000'000, 'x');
    auto sent = async_send(line, testing::bytes_of(large), loop_, asio::use_future);
    auto got = async_receive(*server, loop_, asio::use_future);
    loop_.run_for(watchdog);
    EXPECT_TRUE(sent.get());
    EXPECT_EQ(got.get()->bytes.size(), large.size());
}

}  // namespace
}  // namespace signet::tests
