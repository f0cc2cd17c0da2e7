// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/wait_engine.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/eventually.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace signet::transport {
namespace {

using namespace std::chrono_literals;
using testing::watchdog;

/// What a test turns on and off; it wakes by a word, and by a descriptor.
struct lamp {
    std::atomic<bool> on{false};
    bool gone = false;
    std::size_t words = 1;
    life::notice notice;
    os::event event;

    void turn_on() {
        on = true;
        event.signal();
        notice.post();
    }
};

class lamp_watch final : public waitable {
public:
    explicit lamp_watch(lamp& one) : lamp_{one} {}
    const void* identity() const noexcept override { return &lamp_; }
    bool gone() const noexcept override { return lamp_.gone; }
    bool ready() override { return lamp_.on; }
    std::size_t words() const override { return lamp_.words; }
    void arm(std::vector<os::futex_waiter>& to) override { to.push_back(lamp_.notice.watch()); }
    int fd() override { return lamp_.event.fd(); }
    void arm_fd() override { lamp_.event.drain(); }

private:
    lamp& lamp_;
};

/// Two lamps in an engine that sleeps at once; the words they claim say how it sleeps.
class WaitEngine : public ::testing::TestWithParam<std::size_t> {
protected:
    WaitEngine() { left_.words = GetParam(); }

    std::vector<wait_key> wait(deadline until = after(watchdog)) {
        const auto ready = engine_.wait({until, {}});
        return {ready.begin(), ready.end()};
    }

    lamp left_;
    lamp right_;
    wait_engine engine_{life::wait_mode::sleep};
    wait_key left_key_ = engine_.add(std::make_unique<lamp_watch>(left_));
    wait_key right_key_ = engine_.add(std::make_unique<lamp_watch>(right_));
};

INSTANTIATE_TEST_SUITE_P(ByWordsAndByDescriptors, WaitEngine,
                         ::testing::Values(1, os::futex_waiters_max));

TEST_P(WaitEngine, WhatIsReadyIsFoundAtOnce) {
    right_.turn_on();
    EXPECT_EQ(wait(deadline::min()), std::vector{right_key_});
}

TEST_P(WaitEngine, NothingReadyEndsAtTheDeadline) {
    const deadline until = after(2ms);
    EXPECT_TRUE(wait(until).empty());
    EXPECT_GE(clock::now(), until);
}

TEST_P(WaitEngine, ASleeperIsWokenByWhatBecomesReady) {
    const std::jthread other{[&] { right_.turn_on(); }};
    EXPECT_EQ(wait(), std::vector{right_key_});
}

TEST_P(WaitEngine, ManyRoundsAreNeverMissed) {
    for (int round = 0; round < 2000; ++round) {
        const std::jthread other{[&] { (round % 2 == 0 ? left_ : right_).turn_on(); }};
        ASSERT_EQ(wait(), std::vector{round % 2 == 0 ? left_key_ : right_key_});
        left_.on = right_.on = false;
    }
}

TEST_P(WaitEngine, AllThatIsReadyIsToldBeginningWithAnotherOneEachTime) {
    left_.turn_on();
    right_.turn_on();
    const auto first = wait();
    const auto second = wait();
    EXPECT_EQ(first.size(), 2u);
    EXPECT_EQ(first, (std::vector{second[1], second[0]}));
}

TEST_P(WaitEngine, AWakeEndsTheWaitWithNothing) {
    const std::jthread other{[&] { engine_.wake(); }};
    EXPECT_TRUE(wait(never).empty());
}

TEST_P(WaitEngine, AWakeBeforeAWaitEndsThatOneOnly) {
    engine_.wake();
    EXPECT_TRUE(wait(never).empty());
    const std::jthread other{[&] { right_.turn_on(); }};
    EXPECT_EQ(wait(), std::vector{right_key_});
}

TEST_P(WaitEngine, AStopEndsTheWaitWithNothing) {
    std::stop_source stop;
    const std::jthread other{[&] { stop.request_stop(); }};
    EXPECT_TRUE(engine_.wait({never, stop.get_token()}).empty());
}

TEST_P(WaitEngine, WhatIsNotEnabledIsNotToldAndDoesNotKeepItAwake) {
    left_.turn_on();
    engine_.enable(left_key_, false);
    EXPECT_TRUE(wait(after(2ms)).empty());
    engine_.enable(left_key_, true);
    EXPECT_EQ(wait(), std::vector{left_key_});
}

TEST_P(WaitEngine, WhatWasRemovedOrIsGoneIsNotTold) {
    left_.turn_on();
    right_.turn_on();
    EXPECT_TRUE(engine_.remove(left_key_));
    EXPECT_FALSE(engine_.remove(left_key_));
    right_.gone = true;
    EXPECT_TRUE(wait(after(2ms)).empty());
    EXPECT_EQ(engine_.size(), 0u);
}

TEST_P(WaitEngine, OneEndpointIsAddedOnce) {
    EXPECT_THROW(engine_.add(std::make_unique<lamp_watch>(left_)), contract_violation);
}

TEST_P(WaitEngine, ADescriptorIsToldEvenWhereAnEndpointIsAlwaysReady) {
    left_.turn_on();
    os::event readable;
    const wait_key key = engine_.add_descriptor(readable.fd(), os::interest::readable);
    readable.signal();
    const auto ready = wait();
    EXPECT_NE(std::find(ready.begin(), ready.end(), key), ready.end());
}

TEST_P(WaitEngine, ADescriptorEndsASleep) {
    os::event readable;
    const wait_key key = engine_.add_descriptor(readable.fd(), os::interest::readable);
    const std::jthread other{[&] { readable.signal(); }};
    EXPECT_EQ(wait(), std::vector{key});
}

TEST_P(WaitEngine, AClosedDescriptorThatHasADuplicateIsForgotten) {
    auto readable = std::make_unique<os::event>();
    const auto duplicate = readable->handle().duplicate();
    const wait_key key = engine_.add_descriptor(readable->fd(), os::interest::readable);
    readable->signal();
    readable.reset();
    EXPECT_TRUE(engine_.remove(key));
    EXPECT_TRUE(wait(after(2ms)).empty());
}

// ---- those of whom the kernel tells -------------------------------------------------------------

/// A lamp whose descriptor tells of it, and that counts how often it is asked anything.
class told_lamp_watch final : public waitable {
public:
    told_lamp_watch(lamp& one, int& asked) : lamp_{one}, asked_{asked} {}
    const void* identity() const noexcept override { return &lamp_; }
    bool gone() const noexcept override { return ++asked_, lamp_.gone; }
    bool ready() override { return ++asked_, lamp_.on; }
    bool told_by_kernel() const noexcept override { return true; }
    void enter(os::epoll& set, std::uint64_t tag) override {
        set.add(lamp_.event.fd(), os::interest::readable, tag);
        set_ = &set;
        fd_ = lamp_.event.fd();
    }
    void leave() noexcept override {
        try {
            if (set_ != nullptr) std::exchange(set_, nullptr)->remove(fd_);
        } catch (const error&) {
            // the lamp went first
        }
    }

private:
    lamp& lamp_;
    int& asked_;
    os::epoll* set_ = nullptr;
    int fd_ = -1;
};

class WaitEngineOfTold : public ::testing::Test {
protected:
    wait_key add(lamp& one) { return engine_.add(std::make_unique<told_lamp_watch>(one, asked_)); }
    std::vector<wait_key> wait(deadline until = after(watchdog)) {
        const auto ready = engine_.wait({until, {}});
        return {ready.begin(), ready.end()};
    }
    /// What is asked of all in waits for the same one, beside so many.
    int asked_beside(std::size_t idle) {
        std::vector<lamp> all(idle);
        lamp busy;
        std::vector<wait_key> keys;
        for (lamp& one : all) keys.push_back(add(one));
        const wait_key key = keys.emplace_back(add(busy));
        EXPECT_TRUE(wait(deadline::min()).empty());
        busy.event.signal();
        asked_ = 0;
        for (int i = 0; i < 100; ++i) EXPECT_EQ(wait(), std::vector{key});
        const int asked = asked_;
        for (const wait_key one : keys) engine_.remove(one);
        return asked;
    }

    int asked_ = 0;
    wait_engine engine_{life::wait_mode::sleep};
};

TEST_F(WaitEngineOfTold, TheIdleOnesAreNotAskedAnything) {
    EXPECT_EQ(asked_beside(1000), asked_beside(10));
}

TEST_F(WaitEngineOfTold, OneIsToldAsLongAsItsDescriptorOrItselfSaysSo) {
    lamp one;
    const wait_key key = add(one);
    one.event.signal();
    EXPECT_EQ(wait(), std::vector{key});
    one.on = true;
    one.event.drain();
    EXPECT_EQ(wait(), std::vector{key});
    EXPECT_EQ(wait(), std::vector{key});
    one.on = false;
    EXPECT_TRUE(wait(after(2ms)).empty());
}

TEST_F(WaitEngineOfTold, OneThatIsSettledIsLookedAtWhenTheKernelSaysSo) {
    lamp one;
    const wait_key key = add(one);
    one.on = true;
    engine_.settle(key);
    EXPECT_TRUE(wait(after(2ms)).empty());
    one.event.signal();
    EXPECT_EQ(wait(), std::vector{key});
}

TEST_F(WaitEngineOfTold, OneThatIsSettledAgainAndAgainIsToldOnceEachTime) {
    lamp one;
    const wait_key key = add(one);
    for (int i = 0; i < 100; ++i) {
        one.event.signal();
        one.on = true;
        EXPECT_EQ(wait(), std::vector{key});
        EXPECT_EQ(wait(), std::vector{key});
        one.event.drain();
        one.on = false;
        engine_.settle(key);
    }
    asked_ = 0;
    EXPECT_TRUE(wait(after(2ms)).empty());
    EXPECT_LE(asked_, 1);  // whether it went
}

TEST_F(WaitEngineOfTold, OneThatIsNotEnabledIsNotToldUntilItIs) {
    lamp one;
    const wait_key key = add(one);
    one.event.signal();
    engine_.enable(key, false);
    EXPECT_TRUE(wait(after(2ms)).empty());
    engine_.enable(key, true);
    EXPECT_EQ(wait(), std::vector{key});
}

TEST_F(WaitEngineOfTold, AStopAndAWakeEndASleep) {
    lamp one;
    add(one);
    std::stop_source stop;
    const std::jthread first{[&] { stop.request_stop(); }};
    EXPECT_TRUE(engine_.wait({never, stop.get_token()}).empty());
    const std::jthread second{[&] { engine_.wake(); }};
    EXPECT_TRUE(wait(never).empty());
}

}  // namespace
}  // namespace signet::transport
