// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/wait_engine.hpp>

#include <signet/base/error.hpp>
#include <signet/os/limits.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/sleepers.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
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

TEST(WaitEngineThatPolls, HearsOfDescriptorsBesideAnEndpointThatIsIdle) {
    lamp idle;
    os::event readable;
    wait_engine engine{life::wait_mode::poll};
    engine.add(std::make_unique<lamp_watch>(idle));
    const wait_key key = engine.add_descriptor(readable.fd(), os::interest::readable);
    EXPECT_TRUE(engine.wait({after(2ms), {}}).empty());
    const std::jthread other{[&] { readable.signal(); }};
    const auto ready = engine.wait({after(watchdog), {}});
    EXPECT_EQ(std::vector(ready.begin(), ready.end()), std::vector{key});
}

// ---- those that a mark tells of -----------------------------------------------------------------

/// A lamp that leaves a mark where it was asked for one, and counts the looks at it.
struct marking_lamp : lamp {
    std::atomic<std::uint32_t> mark{0};
    os::event beside_the_mark;
    int looks = 0;

    void leave_mark() {
        const auto board = life::ready_board::of_this_process();
        life::board_ringer{board->words(), beside_the_mark.handle()}.tell(mark.exchange(0));
    }
    void turn_on_and_tell() {
        turn_on();
        leave_mark();
    }
};

class marking_lamp_watch final : public waitable {
public:
    explicit marking_lamp_watch(marking_lamp& one) : lamp_{one} {}
    const void* identity() const noexcept override { return &lamp_; }
    bool ready() override { return ++lamp_.looks, lamp_.on.load(); }
    std::size_t words() const override { return 1; }
    void arm(std::vector<os::futex_waiter>& to) override { to.push_back(lamp_.notice.watch()); }
    int fd() override { return lamp_.event.fd(); }
    void arm_fd() override { lamp_.event.drain(); }
    int board_fd() override { return lamp_.beside_the_mark.fd(); }
    bool tell_on_board(std::uint32_t mark) override {
        lamp_.mark = mark;
        return !lamp_.on;
    }

private:
    marking_lamp& lamp_;
};

/// How many were not asked for a mark.
std::ptrdiff_t unmarked(const std::deque<marking_lamp>& all) {
    return std::count_if(all.begin(), all.end(), [](const auto& one) { return one.mark == 0; });
}

class WaitEngineOfMany : public ::testing::TestWithParam<bool> {
protected:
    WaitEngineOfMany() {
        if (GetParam()) engine_.add_descriptor(never_.fd(), os::interest::readable);
    }
    void add(std::size_t count) {
        while (count-- > 0) {
            keys_.push_back(engine_.add(std::make_unique<marking_lamp_watch>(all_.emplace_back())));
        }
    }
    std::vector<wait_key> wait(deadline until = after(watchdog)) {
        const auto ready = engine_.wait({until, {}});
        return {ready.begin(), ready.end()};
    }
    /// Waits until marks tell of all but a few, and forgets the looks until then.
    void let_all_become_quiet() {
        EXPECT_TRUE(testing::eventually([&] {
            EXPECT_TRUE(wait(after(2ms)).empty());
            return unmarked(all_) <= 4;
        }));
        forget_looks();
    }
    void forget_looks() {
        for (marking_lamp& one : all_) one.looks = 0;
    }
    marking_lamp& lamp_of(wait_key key) {
        const auto at = std::find(keys_.begin(), keys_.end(), key) - keys_.begin();
        return all_[static_cast<std::size_t>(at)];
    }
    std::ptrdiff_t looked_at() const {
        return std::count_if(all_.begin(), all_.end(),
                             [](const marking_lamp& one) { return one.looks != 0; });
    }

    std::deque<marking_lamp> all_;
    os::event never_;
    wait_engine engine_{life::wait_mode::sleep};
    std::vector<wait_key> keys_;
};

INSTANTIATE_TEST_SUITE_P(On, WaitEngineOfMany, ::testing::Bool(), [](const auto& how) {
    return std::string{how.param ? "descriptors" : "words"};
});

TEST_P(WaitEngineOfMany, OnlyWhoIsReadyIsLookedAtAndAFewThatWereBefore) {
    add(1000);
    let_all_become_quiet();
    for (int i = 0; i < 100; ++i) {
        const std::jthread other{[&] { all_[500].turn_on_and_tell(); }};
        ASSERT_EQ(wait(), std::vector{keys_[500]});
        all_[500].on = false;
    }
    EXPECT_LE(looked_at(), 5);
    EXPECT_GE(all_[500].looks, 100);
}

TEST_P(WaitEngineOfMany, EachOfThemEndsASleep) {
    add(100);
    for (std::size_t i = 0; i < 200; ++i) {
        const std::jthread other{[&] { all_[i * 7 % 100].turn_on_and_tell(); }};
        ASSERT_EQ(wait(), std::vector{keys_[i * 7 % 100]});
        all_[i * 7 % 100].on = false;
    }
}

TEST_P(WaitEngineOfMany, ThoseWhoTellAtOnceAreAllHeard) {
    add(60);
    std::vector<std::jthread> tellers;
    for (std::size_t first = 0; first < 3; ++first) {
        tellers.emplace_back([this, first] {
            for (std::size_t i = first; i < 600; i += 3) {
                while (all_[i % 60].on) std::this_thread::yield();
                all_[i % 60].turn_on_and_tell();
            }
        });
    }
    for (std::size_t heard = 0; heard < 600;) {
        const auto ready = wait();
        ASSERT_FALSE(ready.empty()) << heard;
        for (const wait_key key : ready) lamp_of(key).on = false;
        heard += ready.size();
    }
}

TEST_P(WaitEngineOfMany, OneIsToldAsLongAsItIsReady) {
    add(100);
    let_all_become_quiet();
    all_[50].turn_on_and_tell();
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(wait(), std::vector{keys_[50]});
}

TEST_P(WaitEngineOfMany, AMarkOfOneThatHasNothingDoesNotHideItsNextOne) {
    add(100);
    let_all_become_quiet();
    std::vector<wait_key> found;
    testing::watched_thread waiter{[&] { found = wait(never); }};
    EXPECT_TRUE(waiter.falls_asleep());
    all_[50].leave_mark();
    EXPECT_TRUE(testing::eventually([&] { return all_[50].mark != 0; }));
    EXPECT_TRUE(waiter.falls_asleep());
    all_[50].turn_on_and_tell();
    waiter.join();
    EXPECT_EQ(found, std::vector{keys_[50]});
}

TEST_P(WaitEngineOfMany, WhereThereAreMoreThanMarksSeveralShareOne) {
    if (os::raise_descriptor_limit() < 10'000) GTEST_SKIP() << "too few open files";
    add(memory::marks_per_place + 500);
    let_all_become_quiet();
    const std::jthread other{[&] { all_.back().turn_on_and_tell(); }};
    EXPECT_EQ(wait(), std::vector{keys_.back()});
    EXPECT_LE(looked_at(), 6);
}

TEST_P(WaitEngineOfMany, WhoIsRemovedOrNotEnabledIsNotTold) {
    add(100);
    let_all_become_quiet();
    EXPECT_TRUE(engine_.remove(keys_[50]));
    EXPECT_FALSE(engine_.contains(keys_[50]));
    EXPECT_TRUE(engine_.enable(keys_[60], false));
    all_[50].turn_on_and_tell();
    all_[60].turn_on_and_tell();
    EXPECT_TRUE(wait(after(2ms)).empty());
    EXPECT_TRUE(engine_.enable(keys_[60], true));
    EXPECT_EQ(wait(), std::vector{keys_[60]});
}

TEST_P(WaitEngineOfMany, WhereNoPlaceIsLeftAllAreLookedAt) {
    std::vector<life::ready_place> taken;
    while (auto one = life::ready_place::try_take()) taken.push_back(std::move(*one));
    add(100);
    EXPECT_TRUE(wait(after(2ms)).empty());
    forget_looks();
    const std::jthread other{[&] { all_[50].turn_on_and_tell(); }};
    EXPECT_EQ(wait(), std::vector{keys_[50]});
    EXPECT_EQ(looked_at(), 100);
}

TEST_P(WaitEngineOfMany, SomebodyElsesSetIsToldOfThem) {
    add(100);
    const int fd = engine_.fd();
    let_all_become_quiet();
    for (std::size_t i = 0; i < 100; ++i) {
        engine_.arm();
        EXPECT_FALSE(engine_.may_have());
        const std::jthread other{[&] { all_[i].turn_on_and_tell(); }};
        EXPECT_TRUE(os::wait_readable(fd, after(watchdog)));
        engine_.disarm();
        EXPECT_EQ(wait(), std::vector{keys_[i]});
        all_[i].on = false;
        EXPECT_TRUE(wait(deadline::min()).empty());
    }
}

TEST(WaitEngineOfManyThatPolls, FindsWhoWasNotLookedAtForLong) {
    wait_engine engine{life::wait_mode::poll};
    std::deque<marking_lamp> all(100);
    std::vector<wait_key> keys;
    for (marking_lamp& one : all) {
        keys.push_back(engine.add(std::make_unique<marking_lamp_watch>(one)));
    }
    EXPECT_TRUE(testing::eventually([&] {
        EXPECT_TRUE(engine.wait({after(2ms), {}}).empty());
        return unmarked(all) <= 4;
    }));
    for (std::size_t i = 0; i < 100; ++i) {
        const std::jthread other{[&] { all[i].turn_on_and_tell(); }};
        const auto ready = engine.wait({after(watchdog), {}});
        ASSERT_EQ(std::vector(ready.begin(), ready.end()), std::vector{keys[i]});
        all[i].on = false;
    }
}

}  // namespace
}  // namespace signet::transport
