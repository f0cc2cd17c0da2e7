// SPDX-License-Identifier: Apache-2.0
#include <signet/wait_set.hpp>

#include <signet/base/error.hpp>
#include <signet/os/event.hpp>
#include <signet/publisher.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace signet {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::watchdog;

struct large {
    std::array<std::uint64_t, 128> words;
};

bool has(std::span<const wait_set::key> keys, wait_set::key one) {
    return std::find(keys.begin(), keys.end(), one) != keys.end();
}

class WaitSet : public ::testing::Test {
protected:
    /// Waits until `in` is ready and has a message, or the watchdog barks.
    template <class T>
    sample<T> next(wait_set& set, subscriber<T>& in, wait_set::key key) {
        const deadline give_up = after(watchdog);
        for (auto ready = set.wait_until(give_up); !ready.empty();
             ready = set.wait_until(give_up)) {
            if (!has(ready, key)) continue;
            if (auto got = in.try_receive()) return got;
        }
        return {};
    }

    /// Publishers and subscribers of t/0, t/1, … that have met.
    void make_pairs(std::size_t count, const context& in_context) {
        for (std::size_t i = 0; i < count; ++i) {
            const std::string name = "t/" + std::to_string(i);
            in_.push_back(std::make_unique<subscriber<int>>(in_context, name));
            out_.push_back(std::make_unique<publisher<int>>(here_, name, shallow));
            keys_.push_back(set_.add(*in_.back()));
        }
    }

    static constexpr publisher_options shallow{.depth = 16};
    testing::temporary_directory place_;
    context here_{{.directory = place_.path()}};
    context there_{{.directory = place_.path()}};
    context by_hand_{{.directory = place_.path(), .drive = drive::manual}};
    std::vector<std::unique_ptr<publisher<int>>> out_;
    std::vector<std::unique_ptr<subscriber<int>>> in_;
    std::vector<wait_set::key> keys_;
    wait_set set_;
};

TEST_F(WaitSet, SubscribersOfDifferentTypesWakeOneThread) {
    publisher<int> numbers{here_, "numbers"};
    publisher<large> pictures{here_, "pictures"};
    subscriber<int> first{there_, "numbers"};
    subscriber<large> second{there_, "pictures"};
    const auto one = set_.add(first);
    const auto two = set_.add(second);
    ASSERT_TRUE(numbers.wait_for_subscribers_for(1, watchdog));
    ASSERT_TRUE(pictures.wait_for_subscribers_for(1, watchdog));
    pictures.publish({{7}});
    EXPECT_EQ(next(set_, second, two)->words[0], 7u);
    numbers.publish(42);
    EXPECT_EQ(*next(set_, first, one), 42);
}

TEST_F(WaitSet, EveryMessageOfASleepingThreadArrives) {
    make_pairs(3, there_);
    for (auto& out : out_) ASSERT_TRUE(out->wait_for_subscribers_for(1, watchdog));
    for (int i = 0; i < 1000; ++i) {
        const std::size_t which = static_cast<std::size_t>(i) % 3;
        const std::jthread other{[&] { out_[which]->publish(i); }};
        ASSERT_EQ(*next(set_, *in_[which], keys_[which]), i);
    }
}

TEST_F(WaitSet, MoreBellsThanTheKernelTakesAtOnceWakeItToo) {
    make_pairs(70, there_);
    for (auto& out : out_) ASSERT_TRUE(out->wait_for_subscribers_for(1, watchdog));
    for (std::size_t i = 0; i < out_.size(); ++i) {
        const std::jthread other{[&] { out_[i]->publish(static_cast<int>(i)); }};
        ASSERT_EQ(*next(set_, *in_[i], keys_[i]), static_cast<int>(i));
    }
}

TEST_F(WaitSet, AContextDrivenByHandIsDrivenByTheWait) {
    make_pairs(2, by_hand_);
    const std::jthread other{[&] {
        for (auto& out : out_) {
            if (out->wait_for_subscribers_for(1, watchdog)) out->publish(42);
        }
    }};
    EXPECT_EQ(*next(set_, *in_[0], keys_[0]), 42);
    EXPECT_EQ(*next(set_, *in_[1], keys_[1]), 42);
}

TEST_F(WaitSet, AMessageIsToldUntilItIsTakenAndAnEventIsNot) {
    make_pairs(1, there_);
    ASSERT_TRUE(out_[0]->wait_for_subscribers_for(1, watchdog));
    ASSERT_FALSE(set_.wait_for(watchdog).empty());  // it joined
    ASSERT_FALSE(in_[0]->try_receive());
    EXPECT_TRUE(eventually([&] { return set_.try_wait().empty(); }));
    out_[0]->publish(1);
    EXPECT_FALSE(set_.try_wait().empty());
    EXPECT_FALSE(set_.try_wait().empty());
    EXPECT_TRUE(in_[0]->try_receive());
    EXPECT_TRUE(set_.try_wait().empty());
}

TEST_F(WaitSet, APublisherThatJoinsAndLeavesIsTold) {
    subscriber<int> in{there_, "t"};
    set_.add(in);
    std::optional<publisher<int>> out{std::in_place, here_, "t"};
    ASSERT_FALSE(set_.wait_for(watchdog).empty());
    EXPECT_EQ(in.try_event()->what, topic_event::kind::joined);
    while (in.publishers() == 0) in.try_receive();
    out.reset();
    ASSERT_FALSE(set_.wait_for(watchdog).empty());
    EXPECT_EQ(in.try_event()->what, topic_event::kind::left);
}

TEST_F(WaitSet, AnErrorIsLeftToTheReceive) {
    publisher<large> out{here_, "t"};
    subscriber<int> in{there_, "t"};
    set_.add(in);
    ASSERT_FALSE(set_.wait_for(watchdog).empty());
    EXPECT_THROW(in.try_receive(), error);
}

TEST_F(WaitSet, AStopOfTheContextEndsTheWait) {
    make_pairs(2, there_);
    const std::jthread other{[&] { there_.stop(); }};
    EXPECT_TRUE(eventually([&] {
        for (auto& in : in_) in->try_receive();  // they join meanwhile
        return set_.wait().empty();
    }));
}

TEST_F(WaitSet, ADestroyedSubscriberLeavesTheSetWhateverStillHoldsItsSamples) {
    publisher<large> out{here_, "large"};
    std::optional<subscriber<large>> in{std::in_place, there_, "large"};
    const auto key = set_.add(*in);
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish({{7}});
    out.publish({{8}});
    const auto held = next(set_, *in, key);
    in.reset();
    EXPECT_TRUE(set_.try_wait().empty());
    EXPECT_EQ(set_.size(), 0u);
    EXPECT_EQ(held->words[0], 7u);
}

TEST_F(WaitSet, ADescriptorAndATimerAreWaitedForBesideASubscriber) {
    make_pairs(1, there_);
    os::event readable;
    const auto descriptor = set_.add_descriptor(readable.fd());
    const auto tick = set_.add_timer(1ms);
    readable.signal();
    bool ticked = false;
    bool read = false;
    EXPECT_TRUE(eventually([&] {
        const auto ready = set_.wait();
        ticked |= has(ready, tick);
        read |= has(ready, descriptor);
        return ticked && read;
    }));
}

TEST_F(WaitSet, ATimerDoesNotCatchUpOnTicksThatNobodyTook) {
    const auto tick = set_.add_timer(1ms);
    std::this_thread::sleep_for(5ms);  // what is tested
    EXPECT_TRUE(has(set_.wait(), tick));
    const deadline began = clock::now();
    set_.wait();
    set_.wait();
    EXPECT_GE(clock::now() - began, 1ms);
}

TEST_F(WaitSet, WhatCouldNeverEndIsAMistake) {
    EXPECT_THROW(set_.wait(), contract_violation);
    EXPECT_THROW(set_.add_timer(0ns), contract_violation);
    subscriber<int> in{there_, "t"};
    set_.add(in);
    EXPECT_THROW(set_.add(in), contract_violation);
}

TEST_F(WaitSet, WhatCannotBeWatchedIsAnError) {
    EXPECT_EQ(testing::complaint_of([&] { set_.add_descriptor(100'000); }),
              "cannot watch 'descriptor 100000': Bad file descriptor");
}

}  // namespace
}  // namespace signet
