// SPDX-License-Identifier: Apache-2.0
// What goes wrong around a topic while it runs: several refusals at once, a directory that is
// removed, forks and many threads on one context.
#include <signet/base/error.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace signet {
namespace {

using testing::complaint_of;
using testing::eventually;
using testing::watchdog;

struct number {
    std::uint64_t value;
};

template <int Which>
struct another {
    std::array<std::uint64_t, 1 + Which> field;
};

bool mentions(const std::string& text, std::string_view words) {
    return text.find(words) != std::string::npos;
}

class TopicFault : public ::testing::Test {
protected:
    context manual() const { return context{{.directory = place_.path(), .drive = drive::manual}}; }

    /// Waits until the subscriber has been told of a refusal.
    template <class Endpoint>
    static std::string refusal_of(Endpoint& at) {
        std::optional<topic_event> event;
        EXPECT_TRUE(eventually([&] {
            event = at.try_event();
            return event && event->what == topic_event::kind::refused;
        }));
        return event ? event->reason : "";
    }

    testing::temporary_directory place_;
    context here_{{.directory = place_.path()}};
    context there_{{.directory = place_.path()}};
};

TEST_F(TopicFault, EachRefusalIsThrownOnceOldestFirst) {
    subscriber<number> in{there_, "t"};
    const publisher<another<1>> first{here_, "t"};
    EXPECT_TRUE(mentions(refusal_of(in), "16 bytes"));
    const publisher<another<2>> second{here_, "t"};
    EXPECT_TRUE(mentions(refusal_of(in), "24 bytes"));
    const publisher<another<3>> third{here_, "t"};
    EXPECT_TRUE(mentions(refusal_of(in), "32 bytes"));
    for (const char* size : {"16 bytes", "24 bytes", "32 bytes"}) {
        const std::string text = complaint_of([&] { in.try_receive(); });
        EXPECT_TRUE(mentions(text, size)) << text;
    }
    EXPECT_EQ(complaint_of([&] { in.try_receive(); }), "no error");
}

TEST_F(TopicFault, ADirectoryThatWasRemovedIsToldAsSuch) {
    std::filesystem::remove_all(place_.path());
    for (const char* name : {"t", "u"}) {
        const std::string text = complaint_of([&] { publisher<number>{here_, name}; });
        EXPECT_TRUE(mentions(text, "was removed while this process used it")) << text;
    }
    const std::string text = complaint_of([&] { subscriber<number>{here_, "**"}; });
    EXPECT_TRUE(mentions(text, "make a new context")) << text;
}

TEST_F(TopicFault, ASocketThatWasRemovedIsToldAsSuch) {
    for (const auto& socket : std::filesystem::directory_iterator{place_.path() + "/sockets"})
        std::filesystem::remove(socket);
    const std::string text = complaint_of([&] { publisher<number>{here_, "t"}; });
    EXPECT_TRUE(mentions(text, "the socket of this context was removed")) << text;
}

TEST_F(TopicFault, WhatWasJoinedGoesOnWithoutTheDirectory) {
    publisher<number> out{here_, "t"};
    subscriber<number> in{there_, "t"};
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    std::filesystem::remove_all(place_.path());
    out.publish({5});
    EXPECT_EQ(in.receive_for(watchdog)->value, 5u);
}

TEST_F(TopicFault, AForkedChildMayDestroyEndpointsThatTheParentWasChanging) {
    auto out = std::make_unique<publisher<number>>(here_, "t");
    auto in = std::make_unique<subscriber<number>>(there_, "*");
    const std::jthread crowd{[&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const subscriber<number> passer{there_, "t"};
            const publisher<number> other{here_, "u"};
        }
    }};
    for (int i = 0; i < 50; ++i) {
        const int code = testing::exit_code_of_forked([&] {
            out.reset();
            in.reset();
            return 0;
        });
        ASSERT_EQ(code, 0);
    }
    EXPECT_TRUE(out->wait_for_subscribers_for(1, watchdog));
}

TEST_F(TopicFault, ThreadsThatWaitInOneManualContextDoNotKeepEachOtherAsleep) {
    const context shared = manual();
    for (int round = 0; round < 20; ++round) {
        publisher<number> to_a{here_, "a"};
        publisher<number> to_b{here_, "b"};
        publisher<number> manual_out{shared, "c"};
        subscriber<number> a{shared, "a"};
        subscriber<number> b{shared, "b"};
        std::optional<subscriber<number>> c;
        const auto hear = [](subscriber<number>* in) { EXPECT_TRUE(in->receive_for(watchdog)); };
        const std::jthread first{hear, &a};
        const std::jthread second{hear, &b};
        const std::jthread third{
            [&] { EXPECT_TRUE(manual_out.wait_for_subscribers_for(1, watchdog)); }};
        ASSERT_TRUE(to_a.wait_for_subscribers_for(1, watchdog));
        to_a.publish({1});
        c.emplace(there_, "c");
        ASSERT_TRUE(to_b.wait_for_subscribers_for(1, watchdog));
        to_b.publish({1});
    }
}

TEST_F(TopicFault, AContextWithAThreadOfItsOwnIsNotPolledByHand) {
    EXPECT_THROW(here_.poll(), contract_violation);
}

}  // namespace
}  // namespace signet
