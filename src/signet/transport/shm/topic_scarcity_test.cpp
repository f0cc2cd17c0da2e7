// SPDX-License-Identifier: Apache-2.0
// A topic where descriptors, or room in the socket between two processes, run out: one join fails
// or waits, the link and everybody else go on, and what failed is made good.
#include <signet/base/error.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signet {
namespace {

using testing::complaint_of;
using testing::eventually;
using testing::watchdog;

struct number {
    std::uint64_t value;
};

/// This process may open no further descriptor.
class no_descriptor_left {
public:
    no_descriptor_left() {
        getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit tight{1, before_.rlim_max};
        setrlimit(RLIMIT_NOFILE, &tight);
    }
    no_descriptor_left(const no_descriptor_left&) = delete;
    no_descriptor_left& operator=(const no_descriptor_left&) = delete;
    ~no_descriptor_left() { setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

bool mentions(const std::string& text, std::string_view words) {
    return text.find(words) != std::string::npos;
}

class TopicScarcity : public ::testing::Test {
protected:
    /// Drives the context by hand until it comes true.
    template <class Condition>
    bool driven_until(Condition&& condition) {
        return eventually([&] {
            by_hand_.poll();
            return condition();
        });
    }

    /// Drives it until the subscriber, which is there, throws; what it says.
    std::string complaint_while_driven(subscriber<number>& in) {
        std::string text = "no error";
        driven_until(
            [&] { return (text = complaint_of([&] { in.try_receive(); })) != "no error"; });
        return text;
    }

    testing::temporary_directory place_;
    context there_{{.directory = place_.path()}};
    context by_hand_{{.directory = place_.path(), .drive = drive::manual}};
};

TEST_F(TopicScarcity, ASubscriberThatCannotMakeItsPageIsToldAndJoinsLater) {
    subscriber<number> first{by_hand_, "t"};
    publisher<number> before{there_, "t"};
    ASSERT_TRUE(driven_until([&] { return before.subscribers() == 1; }));
    publisher<number> out{there_, "t"};
    {
        testing::scripted_kernel script;
        script.fail(SYS_memfd_create, EMFILE);
        EXPECT_TRUE(mentions(complaint_while_driven(first), "ulimit -n"));
    }
    EXPECT_EQ(before.subscribers(), 1u);
    EXPECT_TRUE(driven_until([&] { return out.subscribers() == 1; }));
}

TEST_F(TopicScarcity, AWelcomeWhoseDescriptorsFindNoPlaceIsToldAndComesAgain) {
    subscriber<number> first{by_hand_, "t"};
    publisher<number> out{there_, "t"};
    ASSERT_TRUE(driven_until([&] { return !first.try_receive() && first.publishers() == 1; }));
    subscriber<number> second{by_hand_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(2, watchdog));
    {
        const no_descriptor_left tight;
        EXPECT_TRUE(mentions(complaint_while_driven(second), "ulimit -n"));
    }
    ASSERT_TRUE(driven_until([&] { return !second.try_receive() && second.publishers() == 1; }));
    EXPECT_TRUE(eventually([&] { return out.subscribers() == 2; }));
    out.publish({3});
    EXPECT_EQ(second.receive_for(watchdog)->value, 3u);
    EXPECT_EQ(first.receive_for(watchdog)->value, 3u);
}

TEST_F(TopicScarcity, AJoinWhosePageFindsNoPlaceIsRefusedWithTheReasonAndAskedForAgain) {
    publisher<number> out{by_hand_, "t"};
    subscriber<number> first{there_, "t"};
    ASSERT_TRUE(driven_until([&] { return !first.try_receive() && first.publishers() == 1; }));
    subscriber<number> second{there_, "t"};
    {
        const no_descriptor_left tight;
        const std::string text = complaint_while_driven(second);
        EXPECT_TRUE(mentions(text, "raise the limit of open files (ulimit -n) there")) << text;
    }
    EXPECT_EQ(out.subscribers(), 1u);
    ASSERT_TRUE(driven_until([&] { return out.subscribers() == 2; }));
    out.publish({3});
    EXPECT_EQ(second.receive_for(watchdog)->value, 3u);
}

TEST_F(TopicScarcity, AWelcomeThatMayNotBeSentIsNoAdmission) {
    publisher<number> out{by_hand_, "t"};
    subscriber<number> first{there_, "t"};
    ASSERT_TRUE(driven_until([&] { return out.subscribers() == 1; }));
    subscriber<number> second{there_, "t"};
    {
        testing::scripted_kernel script;
        script.fail(SYS_sendmsg, ETOOMANYREFS);
        EXPECT_TRUE(mentions(complaint_while_driven(second), "ulimit -n"));
    }
    EXPECT_TRUE(driven_until([&] { return out.subscribers() == 2; }));
}

TEST_F(TopicScarcity, WhoWasAdmittedGetsWhatWasPublishedThoughItsLinkWasFullWhenThePublisherEnded) {
    auto away = std::make_unique<context>(context_options{.directory = place_.path()});
    auto out = std::make_unique<publisher<number>>(*away, "t");
    std::vector<std::unique_ptr<subscriber<number>>> in;
    for (int i = 0; i < 500; ++i) in.push_back(std::make_unique<subscriber<number>>(by_hand_, "t"));
    ASSERT_TRUE(out->wait_for_subscribers_for(1, watchdog));
    out->publish({7});
    std::size_t admitted = 0;  // of the first message, or of none
    while (const auto event = out->try_event())
        admitted += event->what == topic_event::kind::joined;
    out->publish({8});
    out.reset();
    away.reset();
    std::size_t heard = 0;
    for (int turn = 0; turn < 1000; ++turn) by_hand_.poll();
    for (auto& one : in) {
        std::uint64_t last = 0;
        while (const auto got = one->try_receive()) last = got->value;
        heard += last == 8;
    }
    EXPECT_GE(heard, admitted);
    EXPECT_LT(heard, in.size());
}

TEST_F(TopicScarcity, JoinsThatWaitForRoomAreAnsweredInTheEnd) {
    publisher<number> out{there_, "t"};
    std::vector<std::unique_ptr<subscriber<number>>> in;
    for (int i = 0; i < 500; ++i) in.push_back(std::make_unique<subscriber<number>>(by_hand_, "t"));
    for (int i = 0; i < 500; i += 2) in[static_cast<std::size_t>(i)].reset();
    EXPECT_TRUE(driven_until([&] { return out.subscribers() == 250; }));
}

}  // namespace
}  // namespace signet
