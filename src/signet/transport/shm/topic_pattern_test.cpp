// SPDX-License-Identifier: Apache-2.0
// Subscriptions with wildcards, through the face: two contexts in one process, as two processes
// would have. tests/system/pattern_test.cpp has the processes.
#include <signet/base/error.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace signet {
namespace {

using testing::complaint_of;
using testing::eventually;
using testing::watchdog;

struct number {
    std::uint64_t value;
};

struct other {
    double value;
};

constexpr subscriber_options blocking{.policy = delivery::block};

class TopicPattern : public ::testing::Test {
protected:
    template <class T>
    static void send(publisher<T>& out, T message) {
        ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
        ASSERT_TRUE(out.publish(message));
    }

    testing::temporary_directory place_;
    context here_{{.directory = place_.path()}};
    context there_{{.directory = place_.path()}};
};

TEST_F(TopicPattern, APublisherThatWasThereFirstIsHeard) {
    publisher<number> out{here_, "robot/pose"};
    subscriber<number> in{there_, "robot/*"};
    send(out, {7});
    EXPECT_EQ(in.receive_for(watchdog)->value, 7u);
}

TEST_F(TopicPattern, APublisherThatComesLaterIsHeard) {
    subscriber<number> in{there_, "robot/*"};
    publisher<number> out{here_, "robot/pose"};
    send(out, {7});
    EXPECT_EQ(in.receive_for(watchdog)->value, 7u);
}

TEST_F(TopicPattern, EachMessageTellsItsTopic) {
    subscriber<number> in{there_, "robot/**", blocking};
    publisher<number> pose{here_, "robot/pose"};
    publisher<number> left{here_, "robot/arm/left"};
    send(pose, {1});
    send(left, {2});
    std::set<std::string> heard;
    for (int i = 0; i < 2; ++i) {
        const auto got = in.receive_for(watchdog);
        heard.insert(std::string{got.topic()} + "=" + std::to_string(got->value));
    }
    EXPECT_EQ(heard, (std::set<std::string>{"robot/pose=1", "robot/arm/left=2"}));
}

TEST_F(TopicPattern, WithoutWildcardsTheTopicIsToldToo) {
    publisher<number> out{here_, "t"};
    subscriber<number> in{there_, "t"};
    send(out, {1});
    EXPECT_EQ(in.receive_for(watchdog).topic(), "t");
}

TEST_F(TopicPattern, OtherTopicsAreNotHeard) {
    subscriber<number> in{there_, "robot/*"};
    const publisher<number> car{here_, "car/pose"};
    const publisher<number> deep{here_, "robot/arm/left"};
    publisher<number> out{here_, "robot/pose"};
    send(out, {1});
    EXPECT_EQ(in.receive_for(watchdog).topic(), "robot/pose");
    EXPECT_EQ(car.subscribers() + deep.subscribers(), 0u);
}

TEST_F(TopicPattern, NothingComesTwice) {
    publisher<number> out{here_, "robot/pose"};
    subscriber<number> all{there_, "**", blocking};
    subscriber<number> some{there_, "robot/*", blocking};
    ASSERT_TRUE(out.wait_for_subscribers_for(2, watchdog));
    const publisher<number> later{here_, "robot/pose"};
    for (std::uint64_t i = 0; i < 10; ++i) out.publish({i});
    for (std::uint64_t i = 0; i < 10; ++i) {
        EXPECT_EQ(all.receive_for(watchdog)->value, i);
        EXPECT_EQ(some.receive_for(watchdog)->value, i);
    }
    EXPECT_FALSE(all.try_receive());
    EXPECT_EQ(out.subscribers(), 2u);
}

TEST_F(TopicPattern, AnotherTypeIsAnEventAndNoError) {
    subscriber<number> in{there_, "**", blocking};
    const publisher<other> alien{here_, "alien"};
    publisher<number> out{here_, "robot/pose"};
    send(out, {1});
    EXPECT_EQ(in.receive_for(watchdog)->value, 1u);
    std::optional<topic_event> event;
    EXPECT_TRUE(eventually([&] {
        event = in.try_event();
        return event && event->what == topic_event::kind::refused;
    }));
    EXPECT_NE(event->reason.find("alien"), std::string::npos) << event->reason;
}

TEST_F(TopicPattern, ADepartureIsToldAndTheOthersGoOn) {
    subscriber<number> in{there_, "robot/*"};
    publisher<number> stays{here_, "robot/a"};
    auto leaves = std::make_unique<publisher<number>>(here_, "robot/b");
    ASSERT_TRUE(leaves->wait_for_subscribers_for(1, watchdog));
    leaves.reset();
    std::optional<topic_event> event;
    EXPECT_TRUE(eventually([&] {
        event = in.try_event();
        return event && event->what == topic_event::kind::left;
    }));
    send(stays, {3});
    EXPECT_EQ(in.receive_for(watchdog)->value, 3u);
}

TEST_F(TopicPattern, APublisherHasNoWildcards) {
    const std::string text = complaint_of([&] { publisher<number>{here_, "robot/*"}; });
    EXPECT_NE(text.find("'*' stands for other names where you subscribe"), std::string::npos)
        << text;
}

TEST_F(TopicPattern, ABadPatternIsShownWithTheRule) {
    const std::string text = complaint_of([&] { subscriber<number>{here_, "**/pose"}; });
    EXPECT_NE(text.find("'**' may stand only at the end"), std::string::npos) << text;
}

}  // namespace
}  // namespace signet
