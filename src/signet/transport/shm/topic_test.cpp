// SPDX-License-Identifier: Apache-2.0
// Topics through the face: two contexts in one process, each with its own control thread, as two
// processes would have.
#include <signet/base/error.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace signet {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::eventually;
using testing::watchdog;

struct small {
    std::uint64_t number;
};

struct medium {
    std::array<std::uint64_t, 30> words;
};

struct large {
    std::uint64_t number;
    std::array<std::uint64_t, 128> words;
};

struct padded {
    std::uint8_t first;
    std::uint64_t second;
};

large filled(std::uint64_t number) {
    large message{number, {}};
    message.words.fill(number * 3);
    return message;
}

bool whole(const large& message) {
    for (const std::uint64_t word : message.words) {
        if (word != message.number * 3) return false;
    }
    return true;
}

bool readable(int fd) {
    pollfd one{fd, POLLIN, 0};
    return ::poll(&one, 1, 0) == 1;
}

bool readable_soon(int fd) {
    pollfd one{fd, POLLIN, 0};
    const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(watchdog);
    return ::poll(&one, 1, static_cast<int>(limit.count())) == 1;
}

constexpr subscriber_options blocking{.policy = delivery::block};

/// The next event; one of kind `refused` and an empty reason where none comes.
template <class Endpoint>
topic_event next_event(Endpoint& of) {
    std::optional<topic_event> event;
    eventually([&] { return (event = of.try_event()).has_value(); });
    return event.value_or(topic_event{topic_event::kind::refused, 0, {}, 0, {}, {}});
}

class Topic : public ::testing::Test {
protected:
    testing::temporary_directory place_;
    context here_{{.directory = place_.path()}};
    context there_{{.directory = place_.path()}};
};

TEST_F(Topic, AMessageArrives) {
    publisher<small> out{here_, "t"};
    subscriber<small> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    EXPECT_TRUE(out.publish({42}));
    EXPECT_EQ(in.receive_for(watchdog)->number, 42u);
}

TEST_F(Topic, TheOrderOfCreationDoesNotMatter) {
    subscriber<small> in{there_, "t"};
    publisher<small> out{here_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish({42});
    EXPECT_EQ(in.receive_for(watchdog)->number, 42u);
}

TEST_F(Topic, BothEndsMayLiveInOneContext) {
    publisher<small> out{here_, "t"};
    subscriber<small> in{here_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish({42});
    EXPECT_EQ(in.receive_for(watchdog)->number, 42u);
}

TEST_F(Topic, MessagesArriveInOrderWithTheirNumbers) {
    publisher<small> out{here_, "t"};
    subscriber<small> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    for (std::uint64_t i = 0; i < 100; ++i) out.publish({i});
    for (std::uint64_t i = 0; i < 100; ++i) {
        const auto sample = in.receive_for(watchdog);
        ASSERT_TRUE(sample);
        EXPECT_EQ(sample->number, i);
        EXPECT_EQ(sample.number(), i);
    }
}

TEST_F(Topic, AMessageOfTheLargestSlotArrivesWhole) {
    publisher<medium> out{here_, "t"};
    subscriber<medium> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    medium message{};
    message.words.back() = 7;
    out.publish(message);
    EXPECT_EQ(in.receive_for(watchdog)->words, message.words);
}

TEST_F(Topic, ALargeMessageArrivesWhole) {
    publisher<large> out{here_, "t"};
    subscriber<large> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish(filled(9));
    const auto sample = in.receive_for(watchdog);
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample->number, 9u);
    EXPECT_TRUE(whole(*sample));
}

TEST_F(Topic, ALoanArrivesAsItWasWritten) {
    publisher<large> out{here_, "t"};
    subscriber<large> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    auto loan = out.loan();
    *loan = filled(5);
    EXPECT_TRUE(out.publish(std::move(loan)));
    EXPECT_TRUE(whole(*in.receive_for(watchdog)));
}

TEST_F(Topic, ALoanOfASmallMessageArrivesToo) {
    publisher<small> out{here_, "t"};
    subscriber<small> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    auto loan = out.loan();
    loan->number = 5;
    EXPECT_TRUE(out.publish(std::move(loan)));
    EXPECT_EQ(in.receive_for(watchdog)->number, 5u);
}

TEST_F(Topic, ALoanDroppedUnpublishedIsLentAgain) {
    publisher<large> out{here_, "t", {.loans_max = 1}};
    for (int i = 0; i < 100; ++i) {
        auto loan = out.loan();
        EXPECT_TRUE(loan);
    }
    EXPECT_EQ(out.published(), 0u);
}

TEST_F(Topic, MoreLoansThanAgreedAreAMistakeOfTheProgram) {
    publisher<large> out{here_, "t", {.loans_max = 1}};
    const auto first = out.loan();
    EXPECT_THROW(out.loan(), contract_violation);
}

TEST_F(Topic, TryReceiveFindsNothingWhereNothingIs) {
    subscriber<small> in{there_, "t"};
    EXPECT_FALSE(in.try_receive());
}

TEST_F(Topic, ReceiveForGivesUp) {
    subscriber<small> in{there_, "t"};
    EXPECT_FALSE(in.receive_for(1ms));
}

TEST_F(Topic, ReceiveUntilAPastInstantOnlyLooks) {
    publisher<small> out{here_, "t"};
    subscriber<small> in{there_, "t"};
    EXPECT_FALSE(in.receive_until(clock::now()));
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish({1});
    EXPECT_TRUE(eventually([&] { return bool{in.receive_until(clock::now())}; }));
}

TEST_F(Topic, AStopTokenEndsReceive) {
    subscriber<small> in{there_, "t"};
    std::stop_source stop;
    std::jthread stopper{[&] { stop.request_stop(); }};
    EXPECT_FALSE(in.receive(stop.get_token()));
}

TEST_F(Topic, AStopTokenEndsReceiveWhereItSleeps) {
    publisher<small> out{here_, "t", {.waiting = wait_mode::sleep}};
    subscriber<small> in{there_, "t", {.waiting = wait_mode::sleep}};
    for (int i = 0; i < 200; ++i) {
        std::stop_source stop;
        std::jthread stopper{[&] { stop.request_stop(); }};
        EXPECT_FALSE(in.receive(stop.get_token()));
    }
}

TEST_F(Topic, AStopOfTheContextEndsReceiveNowAndLater) {
    subscriber<small> in{there_, "t"};
    std::jthread stopper{[&] { there_.stop(); }};
    EXPECT_FALSE(in.receive());
    EXPECT_FALSE(in.receive());
}

TEST_F(Topic, RangeForReceivesUntilItIsStopped) {
    publisher<small> out{here_, "t"};
    subscriber<small> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    for (std::uint64_t i = 0; i < 10; ++i) out.publish({i});
    std::uint64_t seen = 0;
    for (const auto& sample : in) {
        EXPECT_EQ(sample->number, seen);
        if (++seen == 10) there_.stop();
    }
    EXPECT_EQ(seen, 10u);
}

TEST_F(Topic, ASlowSubscriberThatDropsIsToldHowManyItLost) {
    publisher<small> out{here_, "t", {.depth = 8}};
    subscriber<small> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    for (std::uint64_t i = 0; i < 100; ++i) out.publish({i});
    const auto sample = in.receive_for(watchdog);
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample.lost_before(), sample->number);
    EXPECT_GE(sample->number, 100u - 8u);
    EXPECT_EQ(in.lost(), sample->number);
}

TEST_F(Topic, ReceivedAndLostMakeUpAllThatWasPublished) {
    publisher<large> out{here_, "t", {.depth = 4}};
    subscriber<large> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    for (std::uint64_t i = 0; i < 1000; ++i) {
        out.publish(filled(i));
        if (i % 3 != 0) continue;
        EXPECT_TRUE(whole(*in.receive_for(watchdog)));
    }
    while (const auto rest = in.try_receive()) EXPECT_TRUE(whole(*rest));
    EXPECT_EQ(in.received() + in.lost(), 1000u);
}

TEST_F(Topic, ABlockingSubscriberLosesNothing) {
    publisher<small> out{here_, "t", {.depth = 4}};
    subscriber<small> in{there_, "t", blocking};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    std::jthread writer{[&] {
        for (std::uint64_t i = 0; i < 20'000; ++i) out.publish({i});
    }};
    for (std::uint64_t i = 0; i < 20'000; ++i) ASSERT_EQ(in.receive_for(watchdog)->number, i);
    EXPECT_EQ(in.lost(), 0u);
}

TEST_F(Topic, ABlockingSubscriberLosesNoLargeMessage) {
    publisher<large> out{here_, "t", {.depth = 2}};
    subscriber<large> in{there_, "t", blocking};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    std::jthread writer{[&] {
        for (std::uint64_t i = 0; i < 5'000; ++i) out.publish(filled(i));
    }};
    for (std::uint64_t i = 0; i < 5'000; ++i) {
        const auto sample = in.receive_for(watchdog);
        ASSERT_TRUE(sample);
        ASSERT_TRUE(sample->number == i && whole(*sample)) << i;
    }
}

TEST_F(Topic, SleepersOnBothSidesLoseNothing) {
    publisher<small> out{here_, "t", {.depth = 2, .waiting = wait_mode::sleep}};
    subscriber<small> in{there_, "t", {.policy = delivery::block, .waiting = wait_mode::sleep}};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    std::jthread writer{[&] {
        for (std::uint64_t i = 0; i < 5'000; ++i) out.publish({i});
    }};
    for (std::uint64_t i = 0; i < 5'000; ++i) ASSERT_EQ(in.receive_for(watchdog)->number, i);
}

TEST_F(Topic, TryPublishDoesNotWaitForABlockingSubscriber) {
    publisher<small> out{here_, "t", {.depth = 2}};
    subscriber<small> in{there_, "t", blocking};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    EXPECT_TRUE(out.try_publish({0}));
    EXPECT_TRUE(out.try_publish({1}));
    EXPECT_FALSE(out.try_publish({2}));
    EXPECT_TRUE(in.receive_for(watchdog));
    EXPECT_FALSE(in.receive_for(watchdog).number() == 0);
    EXPECT_FALSE(in.try_receive());
    EXPECT_TRUE(out.try_publish({2}));
}

TEST_F(Topic, PublishForGivesUp) {
    publisher<small> out{here_, "t", {.depth = 2}};
    const subscriber<small> in{there_, "t", blocking};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    while (out.try_publish({0})) {
    }
    EXPECT_FALSE(out.publish_for({1}, 1ms));
}

TEST_F(Topic, AStopTokenEndsPublish) {
    publisher<small> out{here_, "t", {.depth = 2}};
    const subscriber<small> in{there_, "t", blocking};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    while (out.try_publish({0})) {
    }
    std::stop_source stop;
    std::jthread stopper{[&] { stop.request_stop(); }};
    EXPECT_FALSE(out.publish({1}, stop.get_token()));
}

TEST_F(Topic, AStoppedPublishDropsItsLoan) {
    publisher<large> out{here_, "t", {.depth = 2, .loans_max = 1}};
    const subscriber<large> in{there_, "t", blocking};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    while (out.try_publish(filled(0))) {
    }
    std::stop_source stop;
    stop.request_stop();
    auto loan = out.loan();
    EXPECT_FALSE(out.publish(std::move(loan), stop.get_token()));
    EXPECT_TRUE(out.loan());
}

TEST_F(Topic, APublisherIsFreeWhenItsBlockingSubscriberLeaves) {
    publisher<small> out{here_, "t", {.depth = 2}};
    auto in = std::make_unique<subscriber<small>>(there_, "t", blocking);
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    while (out.try_publish({0})) {
    }
    std::jthread leaver{[&] { in.reset(); }};
    EXPECT_TRUE(out.publish({1}));
}

TEST_F(Topic, SeveralPublishersReachOneSubscriber) {
    std::vector<std::unique_ptr<publisher<small>>> out;
    subscriber<small> in{there_, "t", blocking};
    for (int i = 0; i < 5; ++i) out.push_back(std::make_unique<publisher<small>>(here_, "t"));
    for (auto& one : out) ASSERT_TRUE(one->wait_for_subscribers_for(1, watchdog));
    for (std::uint64_t i = 0; i < 100; ++i) {
        for (auto& one : out) one->publish({i});
    }
    std::map<std::uint64_t, std::uint64_t> next;
    for (int i = 0; i < 500; ++i) {
        const auto sample = in.receive_for(watchdog);
        ASSERT_EQ(sample->number, next[sample.publisher()]++);
    }
    EXPECT_EQ(next.size(), 5u);
}

TEST_F(Topic, OnePublisherReachesSeveralSubscribers) {
    publisher<large> out{here_, "t"};
    std::vector<std::unique_ptr<subscriber<large>>> in;
    for (int i = 0; i < 5; ++i) in.push_back(std::make_unique<subscriber<large>>(there_, "t"));
    ASSERT_TRUE(out.wait_for_subscribers_for(5, watchdog));
    out.publish(filled(3));
    for (auto& one : in) EXPECT_TRUE(whole(*one->receive_for(watchdog)));
}

TEST_F(Topic, MoreThanAHundredAndTwentyEightPublishersReachOneSleepingSubscriber) {
    subscriber<small> in{there_, "t", {.policy = delivery::block, .waiting = wait_mode::sleep}};
    std::vector<std::unique_ptr<publisher<small>>> out;
    for (int i = 0; i < 140; ++i) {
        out.push_back(
            std::make_unique<publisher<small>>(here_, "t", publisher_options{.depth = 2}));
    }
    for (auto& one : out) ASSERT_TRUE(one->wait_for_subscribers_for(1, watchdog));
    std::jthread writer{[&] {
        for (std::uint64_t i = 0; i < 10; ++i) {
            for (auto& one : out) one->publish({i});
        }
    }};
    for (int i = 0; i < 1400; ++i) ASSERT_TRUE(in.receive_for(watchdog));
    EXPECT_EQ(in.publishers(), 140u);
}

TEST_F(Topic, AStopTokenEndsAWaitForMoreThanAHundredAndTwentyEightPublishers) {
    subscriber<small> in{there_, "t", {.waiting = wait_mode::sleep}};
    std::vector<std::unique_ptr<publisher<small>>> out;
    for (int i = 0; i < 140; ++i) {
        out.push_back(
            std::make_unique<publisher<small>>(here_, "t", publisher_options{.depth = 2}));
    }
    ASSERT_TRUE(eventually([&] { return !in.try_receive() && in.publishers() == 140; }));
    for (int i = 0; i < 20; ++i) {
        std::stop_source stop;
        std::jthread stopper{[&] { stop.request_stop(); }};
        EXPECT_FALSE(in.receive(stop.get_token()));
    }
}

TEST_F(Topic, ASampleOutlivesItsPublisher) {
    auto out = std::make_unique<publisher<large>>(here_, "t");
    subscriber<large> in{there_, "t"};
    ASSERT_TRUE(out->wait_for_subscribers_for(1, watchdog));
    out->publish(filled(3));
    const auto sample = in.receive_for(watchdog);
    out.reset();
    EXPECT_FALSE(in.receive_for(1ms));
    EXPECT_TRUE(eventually([&] { return !in.try_receive() && in.publishers() == 0; }));
    EXPECT_TRUE(whole(*sample));
}

TEST_F(Topic, ASampleOutlivesItsSubscriber) {
    publisher<large> out{here_, "t", {.depth = 2}};
    auto in = std::make_unique<subscriber<large>>(there_, "t");
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish(filled(3));
    const auto sample = in->receive_for(watchdog);
    in.reset();
    for (std::uint64_t i = 0; i < 100; ++i) out.publish(filled(50 + i));
    EXPECT_EQ(sample->number, 3u);
    EXPECT_TRUE(whole(*sample));
}

TEST_F(Topic, ASampleThatOutlivesItsBlockingSubscriberHoldsNobodyBack) {
    publisher<large> out{here_, "t", {.depth = 2}};
    auto in = std::make_unique<subscriber<large>>(there_, "t", blocking);
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish(filled(3));
    const auto sample = in->receive_for(watchdog);
    in.reset();
    for (std::uint64_t i = 0; i < 100; ++i) ASSERT_TRUE(out.publish_for(filled(50 + i), 10s));
    EXPECT_TRUE(sample->number == 3 && whole(*sample));
}

TEST_F(Topic, ASampleIsNotOverwrittenWhileItIsHeld) {
    publisher<large> out{here_, "t", {.depth = 2}};
    subscriber<large> in{there_, "t", {.held_max = 1}};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish(filled(3));
    const auto sample = in.receive_for(watchdog);
    for (std::uint64_t i = 0; i < 100; ++i) out.publish(filled(50 + i));
    EXPECT_EQ(sample->number, 3u);
    EXPECT_TRUE(whole(*sample));
}

TEST_F(Topic, MoreSamplesThanAgreedAreAMistakeOfTheProgram) {
    publisher<large> out{here_, "t"};
    subscriber<large> in{there_, "t", {.held_max = 1}};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish(filled(1));
    out.publish(filled(2));
    const auto first = in.receive_for(watchdog);
    EXPECT_THROW(in.receive_for(watchdog), contract_violation);
}

TEST_F(Topic, AReleasedSampleMakesRoomForTheNext) {
    publisher<large> out{here_, "t"};
    subscriber<large> in{there_, "t", {.held_max = 1}};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    for (std::uint64_t i = 0; i < 5; ++i) {
        out.publish(filled(i));
        EXPECT_EQ(in.receive_for(watchdog)->number, i);
    }
}

TEST_F(Topic, TheDescriptorIsReadableUntilNothingIsFound) {
    publisher<small> out{here_, "t"};
    subscriber<small> in{there_, "t"};
    ASSERT_TRUE(eventually([&] { return !in.try_receive() && in.publishers() == 1; }));
    EXPECT_TRUE(readable(in.fd()));
    EXPECT_FALSE(in.try_receive());
    EXPECT_FALSE(readable(in.fd()));
    out.publish({1});
    out.publish({2});
    EXPECT_TRUE(readable_soon(in.fd()));
    EXPECT_EQ(in.try_receive()->number, 1u);
    EXPECT_TRUE(readable(in.fd()));
    EXPECT_EQ(in.try_receive()->number, 2u);
    EXPECT_FALSE(in.try_receive());
    EXPECT_FALSE(readable(in.fd()));
}

TEST_F(Topic, TheDescriptorTellsOfANewPublisher) {
    subscriber<small> in{there_, "t"};
    in.fd();
    EXPECT_FALSE(in.try_receive());
    const publisher<small> out{here_, "t"};
    EXPECT_TRUE(readable_soon(in.fd()));
    EXPECT_TRUE(eventually([&] { return !in.try_receive() && in.publishers() == 1; }));
}

TEST_F(Topic, TheDescriptorTellsOfAStop) {
    subscriber<small> in{there_, "t"};
    in.fd();
    EXPECT_FALSE(in.try_receive());
    there_.stop();
    EXPECT_TRUE(readable_soon(in.fd()));
}

TEST_F(Topic, ALoopOverTheDescriptorMissesNothing) {
    publisher<small> out{here_, "t", {.depth = 2}};
    subscriber<small> in{there_, "t", blocking};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    std::jthread writer{[&] {
        for (std::uint64_t i = 0; i < 5'000; ++i) out.publish({i});
    }};
    for (std::uint64_t next = 0; next < 5'000;) {
        ASSERT_TRUE(readable_soon(in.fd()));
        while (const auto sample = in.try_receive()) ASSERT_EQ(sample->number, next++);
    }
}

TEST_F(Topic, BothEndsAreToldWhoJoined) {
    publisher<small> out{here_, "t"};
    subscriber<small> in{there_, "t"};
    const topic_event seen_here = next_event(out);
    const topic_event seen_there = next_event(in);
    EXPECT_EQ(seen_here.what, topic_event::kind::joined);
    EXPECT_EQ(seen_there.what, topic_event::kind::joined);
    EXPECT_EQ(seen_here.pid, getpid());
    EXPECT_EQ(seen_there.pid, getpid());
}

TEST_F(Topic, APublisherIsToldThatASubscriberLeft) {
    publisher<small> out{here_, "t"};
    subscriber<small>{there_, "t"};
    EXPECT_EQ(next_event(out).what, topic_event::kind::joined);
    const topic_event event = next_event(out);
    EXPECT_EQ(event.what, topic_event::kind::left);
    EXPECT_EQ(event.reason, "left");
    EXPECT_EQ(out.subscribers(), 0u);
}

TEST_F(Topic, ASubscriberReadsWhatAPublisherLeftAndIsToldThatItLeft) {
    auto out = std::make_unique<publisher<small>>(here_, "t");
    subscriber<small> in{there_, "t"};
    ASSERT_TRUE(out->wait_for_subscribers_for(1, watchdog));
    out->publish({1});
    out.reset();
    EXPECT_EQ(next_event(in).what, topic_event::kind::joined);
    EXPECT_EQ(next_event(in).what, topic_event::kind::left);
    EXPECT_EQ(in.receive_for(watchdog)->number, 1u);
    EXPECT_FALSE(in.try_receive());
    EXPECT_EQ(in.publishers(), 0u);
    EXPECT_EQ(in.received(), 1u);
}

TEST_F(Topic, WaitForSubscribersGivesUp) {
    publisher<small> out{here_, "t"};
    EXPECT_FALSE(out.wait_for_subscribers_for(1, 1ms));
}

TEST_F(Topic, AStopTokenEndsWaitForSubscribers) {
    publisher<small> out{here_, "t"};
    std::stop_source stop;
    std::jthread stopper{[&] { stop.request_stop(); }};
    EXPECT_FALSE(out.wait_for_subscribers(1, stop.get_token()));
}

TEST_F(Topic, AWrongTypeIsAnErrorThatNamesTheField) {
    const publisher<padded> out{here_, "t"};
    subscriber<small> in{there_, "t"};
    const std::string complaint = complaint_of([&] { in.receive_for(watchdog); });
    EXPECT_NE(complaint.find("number"), std::string::npos) << complaint;
    EXPECT_NE(complaint.find("second"), std::string::npos) << complaint;
    EXPECT_FALSE(in.receive_for(1ms)) << "said once";
}

TEST_F(Topic, ASubscriberOfTheWrongTypeDoesNotDisturbTheOthers) {
    publisher<small> out{here_, "t"};
    const subscriber<large> wrong{there_, "t"};
    subscriber<small> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    out.publish({7});
    EXPECT_EQ(in.receive_for(watchdog)->number, 7u);
}

TEST_F(Topic, PaddingTravelsAsZeros) {
    publisher<padded> out{here_, "t"};
    subscriber<padded> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    padded dirty;
    std::memset(static_cast<void*>(&dirty), 0xff, sizeof dirty);
    out.publish(dirty);
    const auto sample = in.receive_for(watchdog);
    std::array<unsigned char, sizeof(padded)> bytes{};
    std::memcpy(bytes.data(), &*sample, sizeof(padded));
    for (std::size_t i = 1; i < offsetof(padded, second); ++i) EXPECT_EQ(bytes[i], 0) << i;
}

TEST_F(Topic, OneSubscriberTooManyIsRefusedWithTheOptionToRaise) {
    publisher<small> out{here_, "t", {.subscribers_max = 1}};
    const subscriber<small> first{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    subscriber<small> second{there_, "t"};
    const std::string complaint = complaint_of([&] { second.receive_for(watchdog); });
    EXPECT_NE(complaint.find("raise subscribers_max"), std::string::npos) << complaint;
}

TEST_F(Topic, APublisherMayRefuseToBeBlocked) {
    const publisher<small> out{here_, "t", {.allow_block = false}};
    subscriber<small> in{there_, "t", blocking};
    const std::string complaint = complaint_of([&] { in.receive_for(watchdog); });
    EXPECT_NE(complaint.find("use delivery::drop_oldest"), std::string::npos) << complaint;
}

TEST_F(Topic, HoldsThatAreAllGrantedAreRefusedWithTheOptionToRaise) {
    publisher<large> out{here_, "t", {.held_total = 4}};
    const subscriber<large> first{there_, "t", {.held_max = 4}};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    subscriber<large> second{there_, "t"};
    const std::string complaint = complaint_of([&] { second.receive_for(watchdog); });
    EXPECT_NE(complaint.find("raise held_total"), std::string::npos) << complaint;
}

TEST_F(Topic, OptionsOutOfRangeAreErrorsThatNameTheRange) {
    const auto with = [&](const publisher_options& options) {
        return complaint_of([&] { publisher<large>{here_, "t", options}; });
    };
    EXPECT_NE(with({.depth = 1 << 25}).find("depth is at most"), std::string::npos);
    EXPECT_NE(with({.loans_max = 0}).find("must not be 0"), std::string::npos);
    const auto hold = complaint_of([&] { subscriber<large>{here_, "t", {.held_max = 481}}; });
    EXPECT_NE(hold.find("held_max is 1 to 480"), std::string::npos) << hold;
}

TEST_F(Topic, AForkedChildIsToldToMakeItsOwn) {
    publisher<small> out{here_, "t"};
    subscriber<small> in{there_, "t"};
    const int code = testing::exit_code_of_forked([&] {
        const auto publishing = complaint_of([&] { out.publish({1}); });
        const auto receiving = complaint_of([&] { in.try_receive(); });
        const std::string advice = "make a new one in this process";
        return publishing.find(advice) != std::string::npos &&
                       receiving.find(advice) != std::string::npos
                   ? 0
                   : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(Topic, AForkedChildMayDestroyEverythingItInherited) {
    auto out = std::make_unique<publisher<large>>(here_, "t");
    auto in = std::make_unique<subscriber<large>>(there_, "t");
    ASSERT_TRUE(out->wait_for_subscribers_for(1, watchdog));
    out->publish(filled(1));
    auto sample = in->receive_for(watchdog);
    const int code = testing::exit_code_of_forked([&] {
        in.reset();
        sample = {};
        out.reset();
        return 0;
    });
    EXPECT_EQ(code, 0);
    EXPECT_TRUE(whole(*sample));
    out->publish(filled(2));
    EXPECT_EQ(in->receive_for(watchdog)->number, 2u);
}

class ManualTopic : public ::testing::Test {
protected:
    testing::temporary_directory place_;
    context here_{{.directory = place_.path(), .drive = drive::manual}};
    context there_{{.directory = place_.path()}};
};

TEST_F(ManualTopic, ASubscriberThatBlocksDrivesItsContext) {
    publisher<small> out{there_, "t"};
    subscriber<small> in{here_, "t"};
    std::jthread writer{[&] {
        out.wait_for_subscribers_for(1, watchdog);
        out.publish({4});
    }};
    EXPECT_EQ(in.receive_for(watchdog)->number, 4u);
}

TEST_F(ManualTopic, APublisherThatWaitsDrivesItsContext) {
    publisher<small> out{here_, "t", {.depth = 2}};
    subscriber<small> in{there_, "t", blocking};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    std::jthread reader{[&] {
        for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(in.receive_for(watchdog)->number, i);
    }};
    for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_TRUE(out.publish_for({i}, watchdog));
}

TEST_F(ManualTopic, TheUsersLoopDrivesIt) {
    publisher<small> out{here_, "t"};
    subscriber<small> in{there_, "t"};
    ASSERT_TRUE(eventually([&] {
        if (readable(here_.fd())) here_.poll();
        return out.subscribers() == 1;
    }));
    out.publish({4});
    EXPECT_EQ(in.receive_for(watchdog)->number, 4u);
}

TEST_F(ManualTopic, AStopTokenEndsReceive) {
    subscriber<small> in{here_, "t", {.waiting = wait_mode::sleep}};
    for (int i = 0; i < 50; ++i) {
        std::stop_source stop;
        std::jthread stopper{[&] { stop.request_stop(); }};
        EXPECT_FALSE(in.receive(stop.get_token()));
    }
}

TEST_F(ManualTopic, AStopTokenEndsPublish) {
    publisher<small> out{here_, "t", {.depth = 2, .waiting = wait_mode::sleep}};
    const subscriber<small> in{there_, "t", blocking};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    while (out.try_publish({0})) {
    }
    for (int i = 0; i < 50; ++i) {
        std::stop_source stop;
        std::jthread stopper{[&] { stop.request_stop(); }};
        EXPECT_FALSE(out.publish({1}, stop.get_token()));
    }
}

TEST_F(ManualTopic, AStopTokenEndsWaitForSubscribers) {
    publisher<small> out{here_, "t"};
    for (int i = 0; i < 50; ++i) {
        std::stop_source stop;
        std::jthread stopper{[&] { stop.request_stop(); }};
        EXPECT_FALSE(out.wait_for_subscribers(1, stop.get_token()));
    }
}

TEST_F(ManualTopic, AStopOfTheContextFromAnotherThreadEndsPublish) {
    publisher<small> out{here_, "t", {.depth = 2, .waiting = wait_mode::sleep}};
    const subscriber<small> in{there_, "t", blocking};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    while (out.try_publish({0})) {
    }
    std::jthread stopper{[&] { here_.stop(); }};
    EXPECT_FALSE(out.publish({1}));
}

}  // namespace
}  // namespace signet
