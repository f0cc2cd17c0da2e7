// SPDX-License-Identifier: Apache-2.0
// What a subscriber may ask of a topic besides every message: only the newest, the past, a pace, a
// sign of life; and what a publisher does about those who hold it back. Two contexts in one
// process, each with its own control thread.
#include <signet/base/error.hpp>
#include <signet/publisher.hpp>
#include <signet/raw.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <optional>
#include <thread>
#include <vector>

namespace signet {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::watchdog;

using number = std::uint64_t;

struct large {
    std::uint64_t value;
    std::array<std::uint64_t, 128> rest;
};

class Delivery : public ::testing::Test {
protected:
    /// Whether `of` gets an event of this kind; others before it are dropped.
    template <class Endpoint>
    static bool told(Endpoint& of, topic_event::kind what) {
        return eventually([&] {
            const auto event = of.try_event();
            return event && event->what == what;
        });
    }

    static void publish(publisher<number>& out, std::uint64_t from, std::uint64_t to) {
        for (std::uint64_t i = from; i < to; ++i) out.publish(i);
    }

    template <class Message>
    static void meet(publisher<Message>& out, const subscriber<Message>& in) {
        ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
        ASSERT_TRUE(eventually([&] { return in.topic() == out.topic(); }));
    }

    testing::temporary_directory place_;
    context here_{{.directory = place_.path()}};
    context there_{{.directory = place_.path()}};
};

TEST_F(Delivery, LatestReceivesTheNewestAndCountsTheRest) {
    publisher<number> out{here_, "t"};
    subscriber<number> in{there_, "t", {.policy = delivery::latest}};
    meet(out, in);
    publish(out, 0, 10);
    const auto got = in.receive_for(watchdog);
    EXPECT_EQ(*got, 9u);
    EXPECT_EQ(in.skipped(), 9u);
    EXPECT_FALSE(in.try_receive());
    EXPECT_TRUE(in.received() == 1 && in.lost() == 0);
}

TEST_F(Delivery, LatestWaitsForTheNextLikeAnyOther) {
    publisher<number> out{here_, "t"};
    subscriber<number> in{there_, "t", {.policy = delivery::latest, .waiting = wait_mode::sleep}};
    meet(out, in);
    std::jthread later{[&] { publish(out, 5, 6); }};
    EXPECT_EQ(*in.receive_for(watchdog), 5u);
}

TEST_F(Delivery, LatestReceivesTheNewestLargeMessageToo) {
    publisher<large> out{here_, "t", {.depth = 4}};
    subscriber<large> in{there_, "t", {.policy = delivery::latest}};
    meet(out, in);
    for (std::uint64_t i = 0; i < 50; ++i) out.publish(large{i, {}});
    EXPECT_EQ(in.receive_for(watchdog)->value, 49u);
}

TEST_F(Delivery, ASilenceIsToldThoughTheContextSleptWhenItsSubscriberCame) {
    for (int i = 0; i < 10; ++i) {
        subscriber<number> in{here_, "t", {.message_due = 1ms}};
        ASSERT_TRUE(told(in, topic_event::kind::late));
    }
}

TEST_F(Delivery, HistoryShowsALateJoinerWhatWasPublishedBefore) {
    publisher<number> out{here_, "t", {.history = 5}};
    publish(out, 0, 20);
    subscriber<number> in{there_, "t", {.history = 5}};
    for (std::uint64_t i = 15; i < 20; ++i) EXPECT_EQ(*in.receive_for(watchdog), i);
    EXPECT_EQ(in.lost(), 0u);
}

TEST_F(Delivery, HistoryIsKeptWhenTheRingHasGoneRoundManyTimes) {
    publisher<number> out{here_, "t", {.depth = 2, .history = 100}};
    publish(out, 0, 12'345);
    subscriber<number> in{there_, "t", {.history = 100}};
    for (std::uint64_t i = 12'245; i < 12'345; ++i) ASSERT_EQ(*in.receive_for(watchdog), i);
}

TEST_F(Delivery, HistoryIsKeptBehindSubscribersThatBlock) {
    publisher<number> out{here_, "t", {.history = 10}};
    subscriber<number> first{there_, "t", {.policy = delivery::block}};
    meet(out, first);
    for (std::uint64_t i = 0; i < 5000; ++i) {
        out.publish(i);
        ASSERT_EQ(*first.receive_for(watchdog), i);
    }
    subscriber<number> late{there_, "t", {.history = 10}};
    for (std::uint64_t i = 4990; i < 5000; ++i) ASSERT_EQ(*late.receive_for(watchdog), i);
}

TEST_F(Delivery, HistoryIsForThoseWhoAskForIt) {
    publisher<number> out{here_, "t", {.history = 5}};
    publish(out, 0, 20);
    subscriber<number> in{there_, "t"};
    meet(out, in);
    out.publish(20);
    EXPECT_EQ(*in.receive_for(watchdog), 20u);
}

TEST_F(Delivery, ASampleSaysWhenItWasPublished) {
    publisher<number> out{here_, "t", {.timestamps = true}};
    subscriber<number> in{there_, "t"};
    meet(out, in);
    const auto before = clock::now();
    out.publish(1);
    const auto got = in.receive_for(watchdog);
    ASSERT_TRUE(got.published_at());
    EXPECT_TRUE(before <= *got.published_at() && *got.published_at() <= clock::now());
}

TEST_F(Delivery, ALargeSampleSaysWhenItWasPublishedToo) {
    publisher<large> out{here_, "t", {.timestamps = true}};
    subscriber<large> in{there_, "t"};
    meet(out, in);
    out.publish(large{});
    EXPECT_TRUE(in.receive_for(watchdog).published_at());
}

TEST_F(Delivery, WithoutTimestampsNobodySaysWhen) {
    publisher<number> out{here_, "t"};
    subscriber<number> in{there_, "t"};
    meet(out, in);
    out.publish(1);
    EXPECT_FALSE(in.receive_for(watchdog).published_at());
}

TEST_F(Delivery, ASubscriberThatStallsForTooLongIsEvicted) {
    publisher<number> out{here_, "t", {.depth = 4, .stall_budget = 20ms}};
    subscriber<number> in{there_, "t", {.policy = delivery::block}};
    meet(out, in);
    publish(out, 0, 100);  // comes back: nobody is waited for any more
    EXPECT_TRUE(told(out, topic_event::kind::evicted));
    EXPECT_EQ(out.subscribers(), 0u);
}

TEST_F(Delivery, AnEvictedSubscriberReadsUpToTheGapAndIsThenTold) {
    publisher<number> out{here_, "t", {.depth = 8, .stall_budget = 1ms}};
    subscriber<number> in{there_, "t", {.policy = delivery::block}};
    meet(out, in);
    publish(out, 0, 9);  // the ninth message finds no room, and evicts
    EXPECT_TRUE(told(in, topic_event::kind::evicted));
    std::uint64_t next = 0;
    EXPECT_THROW(while (const auto got = in.receive_for(watchdog)) ASSERT_EQ(*got, next++), error);
    EXPECT_EQ(in.lost(), 0u);
}

TEST_F(Delivery, TimeThatASubscriberTakesWithoutHoldingAnybodyUpIsItsOwn) {
    publisher<number> out{here_, "t", {.depth = 64, .stall_budget = 1ms}};
    subscriber<number> in{there_, "t", {.policy = delivery::block}};
    meet(out, in);
    publish(out, 0, 8);
    EXPECT_FALSE(in.receive_for(0ms) && in.receive_for(0ms) && out.subscribers() == 0);
    EXPECT_EQ(out.statuses().at(0).stalled, 0ns);
}

TEST_F(Delivery, APublisherSeesHowFarBehindEachSubscriberIs) {
    publisher<large> out{here_, "t", {.depth = 8}};
    subscriber<large> in{there_, "t", {.policy = delivery::block}};
    meet(out, in);
    for (std::uint64_t i = 0; i < 5; ++i) out.publish(large{i, {}});
    const auto held = in.receive_for(watchdog);
    const auto status = out.statuses().at(0);
    EXPECT_EQ(status.lag, 4u);
    EXPECT_EQ(status.held, 1u);
    EXPECT_EQ(status.policy, delivery::block);
}

TEST_F(Delivery, ASubscriberSeesHowFarBehindItIs) {
    publisher<number> out{here_, "t"};
    subscriber<number> in{there_, "t"};
    meet(out, in);
    publish(out, 0, 5);
    EXPECT_EQ(*in.receive_for(watchdog), 0u);
    const auto status = in.statuses().at(0);
    EXPECT_TRUE(status.lag == 4 && status.received == 1 && status.lost == 0);
}

TEST_F(Delivery, ASilentPublisherIsToldOncePerSilence) {
    publisher<number> out{here_, "t"};
    subscriber<number> in{there_, "t", {.message_due = 10ms}};
    meet(out, in);
    EXPECT_TRUE(told(in, topic_event::kind::late));
    out.publish(1);
    EXPECT_TRUE(told(in, topic_event::kind::late));
    EXPECT_GE(in.deadlines_missed(), 2u);
}

TEST_F(Delivery, ThatNobodyPublishesIsASilenceToo) {
    subscriber<number> in{there_, "t", {.message_due = 5ms}};
    EXPECT_TRUE(told(in, topic_event::kind::late));
}

TEST_F(Delivery, BetweenTwoSamplesLiesAtLeastTheInterval) {
    publisher<number> out{here_, "t"};
    subscriber<number> in{there_, "t", {.policy = delivery::latest, .interval_min = 20ms}};
    meet(out, in);
    out.publish(0);
    ASSERT_TRUE(in.receive_for(watchdog));
    const auto begin = clock::now();
    publish(out, 1, 100);
    EXPECT_EQ(*in.receive_for(watchdog), 99u);
    EXPECT_GE(clock::now() - begin, 19ms);
}

TEST_F(Delivery, AnIntervalNeedsLatest) {
    EXPECT_THROW((subscriber<number>{there_, "t", {.interval_min = 1ms}}), error);
}

// ---- samples that are held ----------------------------------------------------------------------

constexpr subscriber_options blocking{.policy = delivery::block};

large numbered(std::uint64_t value) {
    large message{value, {}};
    message.rest.fill(value * 3 + 1);
    return message;
}

bool whole(const large& message, std::uint64_t value) {
    return message.value == value && message.rest == numbered(value).rest;
}

class HeldDelivery : public Delivery {
protected:
    /// Publishes many laps of the ring; nobody may hold it back.
    static void lap(publisher<large>& out, std::uint64_t from) {
        for (std::uint64_t i = from; i < from + 100; ++i)
            ASSERT_TRUE(out.publish_for(numbered(i), watchdog));
    }

    /// Receives until the eviction is told.
    static void read_to_the_gap(subscriber<large>& in) {
        EXPECT_THROW(while (in.receive_for(watchdog)){}, error);
    }

    /// A subscriber and the samples 0, 1, 2 that it received, of a publisher that is streaming on.
    struct ends {
        std::optional<subscriber<large>> in;
        std::array<sample<large>, 3> held;

        /// 0: the subscriber.
        void destroy(int which) {
            if (which == 0) {
                in.reset();
            } else {
                held.at(static_cast<std::size_t>(which) - 1) = {};
            }
        }
        bool all_whole() const {
            for (std::uint64_t i = 0; i < held.size(); ++i)
                if (held[i] && !whole(*held[i], i)) return false;
            return true;
        }
    };

    ends receive_three(publisher<large>& out, const subscriber_options& how) {
        ends all;
        all.in.emplace(there_, "t", how);
        EXPECT_TRUE(out.wait_for_subscribers_for(1, watchdog));
        for (std::uint64_t i = 0; i < all.held.size(); ++i) {
            out.publish(numbered(i));
            all.held[i] = all.in->receive_for(watchdog);
        }
        return all;
    }

    void destroy_in_each_order(const subscriber_options& how) {
        std::array order{0, 1, 2, 3};
        do {
            publisher<large> out{here_, "t", {.depth = 4}};
            ends all = receive_three(out, how);
            for (const int which : order) {
                all.destroy(which);
                if (!all.in) lap(out, 100);
                ASSERT_TRUE(all.all_whole());
            }
            ASSERT_TRUE(eventually([&] { return out.subscribers() == 0; }));
        } while (std::next_permutation(order.begin(), order.end()));
    }
};

TEST_F(HeldDelivery, SamplesAndTheirBlockingSubscriberAreDestroyedInAnyOrder) {
    destroy_in_each_order(blocking);
}

TEST_F(HeldDelivery, SamplesAndTheirDroppingSubscriberAreDestroyedInAnyOrder) {
    destroy_in_each_order({});
}

TEST_F(HeldDelivery, OneSampleOutlivesItsSubscriberAndPublisher) {
    sample<large> kept;
    {
        publisher<large> out{here_, "t", {.depth = 4}};
        subscriber<large> in{there_, "t", blocking};
        meet(out, in);
        out.publish(numbered(7));
        kept = in.receive_for(watchdog);
    }
    EXPECT_TRUE(whole(*kept, 7));
}

TEST_F(HeldDelivery, ASampleAtTheCursorOutlivesAnEviction) {
    publisher<large> out{here_, "t", {.depth = 4, .stall_budget = 1ms}};
    subscriber<large> in{there_, "t", blocking};
    meet(out, in);
    out.publish(numbered(0));
    const auto held = in.receive_for(watchdog);
    lap(out, 1);
    EXPECT_EQ(out.subscribers(), 0u);
    EXPECT_TRUE(whole(*held, 0));
    read_to_the_gap(in);
    lap(out, 101);
    EXPECT_TRUE(whole(*held, 0));
}

TEST_F(HeldDelivery, ASampleOfOneThatWasEvictedOutlivesItsSubscriber) {
    publisher<large> out{here_, "t", {.depth = 4, .stall_budget = 1ms}};
    std::optional<subscriber<large>> in{std::in_place, there_, "t", blocking};
    meet(out, *in);
    out.publish(numbered(0));
    const auto held = in->receive_for(watchdog);
    lap(out, 1);
    read_to_the_gap(*in);
    in.reset();
    const subscriber<large> newcomer{there_, "t"};  // what was said before was heard by then
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    lap(out, 101);
    EXPECT_TRUE(whole(*held, 0));
}

/// A message of `bytes` bytes, all of them `value`.
std::vector<std::byte> bytes_of(std::size_t bytes, int value) {
    return std::vector<std::byte>(bytes, static_cast<std::byte>(value));
}

TEST_F(HeldDelivery, ALargeSampleIsNotOverwrittenWhenASmallOneFollows) {
    raw_publisher out{here_, "t", wire::bytes_descriptor(), {.depth = 4}};
    raw_subscriber in{there_, "t", blocking};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish(bytes_of(2000, 1));
    const auto held = in.receive_for(watchdog);
    for (int i = 2; i < 100; ++i) {
        ASSERT_TRUE(out.publish_for(bytes_of(i % 3 == 0 ? 2000 : 8, i), watchdog));
        EXPECT_EQ(in.receive_for(watchdog).bytes().front(), static_cast<std::byte>(i));
    }
    EXPECT_TRUE(std::ranges::equal(held.bytes(), bytes_of(2000, 1)));
}

TEST_F(HeldDelivery, WhoWaitsForRoomIsWokenByTheReleaseOfTheSampleAtTheCursor) {
    publisher<large> out{here_, "t", {.depth = 4, .waiting = wait_mode::sleep}};
    subscriber<large> in{there_, "t", blocking};
    meet(out, in);
    out.publish(numbered(0));
    auto held = in.receive_for(watchdog);
    for (std::uint64_t i = 1; i < 4; ++i) ASSERT_TRUE(out.try_publish(numbered(i)));
    EXPECT_FALSE(out.try_publish(numbered(4))) << "what is held counts to the depth";
    const std::jthread waiting{[&] { EXPECT_TRUE(out.publish_for(numbered(4), watchdog)); }};
    held = {};
}

TEST_F(HeldDelivery, APublisherSeesThatASampleIsHeldAtTheCursorAndThatItIsKept) {
    publisher<large> out{here_, "t"};
    ends all = receive_three(out, blocking);
    EXPECT_TRUE(out.statuses().at(0).held == 3 && out.statuses().at(0).lag == 0);
    all.destroy(3);
    EXPECT_EQ(out.statuses().at(0).held, 2u);
    all.destroy(1);
    EXPECT_EQ(out.statuses().at(0).held, 1u);
}

}  // namespace
}  // namespace signet
