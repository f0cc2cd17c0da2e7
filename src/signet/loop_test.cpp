// SPDX-License-Identifier: Apache-2.0
#include <signet/loop.hpp>

#include <signet/base/error.hpp>
#include <signet/os/event.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace signet {
namespace {

using namespace std::chrono_literals;
using testing::watchdog;

struct large {
    std::uint64_t number;
    std::array<std::uint64_t, 128> words;
};

/// Says that it is destroyed.
struct witness {
    bool& gone;
    ~witness() { gone = true; }
};

template <class T>
task<> publish_all(loop& in, publisher<T>& to, std::uint64_t count) {
    if (!co_await in.wait_for_subscribers(to, 1)) co_return;
    T message{};
    for (std::uint64_t i = 0; i < count; ++i) {
        message.number = i;
        if (!co_await in.publish(to, message)) co_return;
    }
}

template <class T>
task<> receive_all(loop& in, subscriber<T>& from, std::uint64_t count, std::uint64_t& received) {
    while (received < count) {
        const auto next = co_await in.receive_for(from, watchdog);
        if (!next || next->number != received) co_return;
        ++received;
    }
}

task<> count_messages(loop& in, subscriber<large>& from, int& count) {
    while (const auto next = co_await in.receive(from)) ++count;
    count = -count - 1;  // it ended in good order
}

/// Both ends in contexts with the drive that the parameter says, all in one thread.
class Loop : public ::testing::TestWithParam<drive> {
protected:
    testing::temporary_directory place_;
    context here_{{.directory = place_.path(), .drive = GetParam()}};
    context there_{{.directory = place_.path(), .drive = GetParam()}};
    loop loop_;
};

INSTANTIATE_TEST_SUITE_P(ByThreadAndByHand, Loop, ::testing::Values(drive::thread, drive::manual));

TEST_P(Loop, OneThreadPublishesAndReceivesWithoutLoss) {
    publisher<large> out{here_, "t", {.depth = 8}};
    subscriber<large> in{there_, "t", {.policy = delivery::block}};
    loop_.drive(there_);
    std::uint64_t received = 0;
    loop_.spawn(receive_all(loop_, in, 3000, received));
    loop_.spawn(publish_all(loop_, out, 3000));
    loop_.run();
    EXPECT_EQ(received, 3000u);
}

TEST_P(Loop, MessagesOfAnotherThreadWakeIt) {
    publisher<large> out{context{{.directory = place_.path()}}, "t", {.depth = 8}};
    subscriber<large> in{there_, "t", {.policy = delivery::block}};
    std::uint64_t received = 0;
    loop_.spawn(receive_all(loop_, in, 1000, received));
    const std::jthread other{[&] {
        if (!out.wait_for_subscribers_for(1, watchdog)) return;
        for (std::uint64_t i = 0; i < 1000; ++i) out.publish({i, {}});
    }};
    loop_.run();
    EXPECT_EQ(received, 1000u);
}

TEST_P(Loop, RoomMadeByAnotherThreadWakesAPublisher) {
    publisher<large> out{here_, "t", {.depth = 2}};
    subscriber<large> in{context{{.directory = place_.path()}}, "t", {.policy = delivery::block}};
    loop_.spawn(publish_all(loop_, out, 1000));
    int received = 0;
    const std::jthread other{[&] {
        while (received < 1000 && in.receive_for(watchdog)) ++received;
    }};
    loop_.run();
    EXPECT_EQ(out.published(), 1000u);
}

TEST_P(Loop, ASubscriberThatGoesEndsTheWaitForRoom) {
    publisher<large> out{here_, "t", {.depth = 2}};
    auto in = std::make_unique<subscriber<large>>(context{{.directory = place_.path()}}, "t",
                                                  subscriber_options{.policy = delivery::block});
    loop_.spawn(publish_all(loop_, out, 10));
    const auto full = [&] { return !loop_.run_for(1ms) && out.published() == 2; };
    EXPECT_TRUE(testing::eventually(full));
    in.reset();
    EXPECT_TRUE(loop_.run_for(watchdog));
}

TEST_P(Loop, AStopEndsEveryAwaitInGoodOrder) {
    subscriber<large> in{there_, "t"};
    int count = 0;
    bool slept = true;
    loop_.spawn(count_messages(loop_, in, count));
    loop_.spawn([](loop& on, bool& to) -> task<> { to = co_await on.sleep_for(1h); }(loop_, slept));
    const std::jthread other{[&] { loop_.stop(); }};
    loop_.run();
    EXPECT_EQ(count, -1);
    EXPECT_FALSE(slept);
}

TEST_P(Loop, AStopOfTheContextEndsWhatWaitsForItsEndpoints) {
    subscriber<large> in{there_, "t"};
    int count = 0;
    loop_.spawn(count_messages(loop_, in, count));
    const std::jthread other{[&] { there_.stop(); }};
    loop_.run();
    EXPECT_EQ(count, -1);
}

TEST_P(Loop, ATokenEndsTheAwaitThatWasGivenIt) {
    subscriber<large> in{there_, "t"};
    std::stop_source stop;
    bool received = true;
    loop_.spawn([](loop& on, subscriber<large>& from, std::stop_token end, bool& to) -> task<> {
        to = static_cast<bool>(co_await on.receive(from, end));
    }(loop_, in, stop.get_token(), received));
    const std::jthread other{[&] { stop.request_stop(); }};
    loop_.run();
    EXPECT_FALSE(received);
}

TEST_P(Loop, AnErrorOfTheReceiveIsThrownInTheCoroutine) {
    publisher<int> out{context{{.directory = place_.path()}}, "t"};
    subscriber<large> in{there_, "t"};
    int count = 0;
    loop_.spawn(count_messages(loop_, in, count));
    EXPECT_THROW(loop_.run(), error);
    EXPECT_TRUE(loop_.run_for(0ns));  // that task has ended
}

TEST(LoopOfTimers, TheyEndInTheirOrderAndNotBeforeTheirTime) {
    loop here;
    std::vector<int> order;
    const auto sleeper = [](loop& on, std::chrono::nanoseconds time, std::vector<int>& to,
                            int name) -> task<> {
        if (co_await on.sleep_for(time)) to.push_back(name);
    };
    const deadline began = clock::now();
    here.spawn(sleeper(here, 4ms, order, 2));
    here.spawn(sleeper(here, 2ms, order, 1));
    here.run();
    EXPECT_EQ(order, (std::vector{1, 2}));
    EXPECT_GE(clock::now() - began, 4ms);
}

TEST(LoopOfDescriptors, OneIsAwaitedForReadingAndWritingAtOnce) {
    loop here;
    os::event event;
    bool read = false;
    here.spawn([](loop& on, int fd, bool& to) -> task<> { to = co_await on.readable(fd); }(
                                                  here, event.fd(), read));
    here.spawn([](loop& on, os::event& to) -> task<> {
        if (co_await on.writable(to.fd())) to.signal();
    }(here, event));
    here.run();
    EXPECT_TRUE(read);
}

TEST(LoopOfDescriptors, OneThatIsNotOpenIsAnErrorInTheCoroutine) {
    loop here;
    here.spawn([](loop& on) -> task<> { (void)co_await on.readable(100'000); }(here));
    EXPECT_EQ(testing::complaint_of([&] { here.run(); }),
              "cannot duplicate descriptor: Bad file descriptor");
}

TEST(LoopOfTasks, AnExceptionEndsItsTaskAndTheRunAndTheOthersGoOn) {
    loop here;
    bool done = false;
    here.spawn([]() -> task<> {
        throw std::runtime_error{"no"};
        co_return;
    }());
    here.spawn([](loop& on, bool& to) -> task<> { to = co_await on.sleep_for(1ms); }(here, done));
    EXPECT_THROW(here.run(), std::runtime_error);
    here.run();
    EXPECT_TRUE(done);
}

TEST(LoopOfTasks, OneThatIsDestroyedTakesItsCoroutinesAlong) {
    bool gone = false;
    {
        loop here;
        here.spawn([](loop& on, bool& to) -> task<> {
            const witness mine{to};
            (void)co_await on.sleep_for(1h);
        }(here, gone));
        EXPECT_FALSE(here.run_for(1ms));
        EXPECT_FALSE(gone);
    }
    EXPECT_TRUE(gone);
}

TEST(LoopOfTasks, ATaskMaySpawnAnotherButNotRunTheLoop) {
    loop here;
    bool done = false;
    here.spawn([](loop& on, bool& to) -> task<> {
        on.spawn([](bool& inner) -> task<> {
            inner = true;
            co_return;
        }(to));
        on.run();
        co_return;
    }(here, done));
    EXPECT_THROW(here.run(), contract_violation);
    here.run();
    EXPECT_TRUE(done);
}

}  // namespace
}  // namespace signet
