// SPDX-License-Identifier: Apache-2.0
// Subscriptions with wildcards between processes: who matches is met in whichever order they start,
// once, and its end is told.
#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"

#include <signet/observe/inspect.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <optional>
#include <set>

namespace signet::tests {
namespace {

using testing::eventually;
using testing::watchdog;

constexpr subscriber_options blocking{.policy = delivery::block};

class Pattern : public ::testing::Test {
protected:
    /// Waits until so many endpoints are in the directory.
    void wait_for_endpoints(std::size_t count) const {
        ASSERT_TRUE(eventually([&] {
            std::size_t seen = 0;
            for (const auto& one : observe::inspect(place_.path()).processes)
                seen += one.endpoints.size();
            return seen >= count;
        }));
    }

    /// The topics of so many messages; none may be torn, come twice or be missing.
    static std::multiset<std::string> topics_of(subscriber<small_message>& in, int messages) {
        std::multiset<std::string> topics;
        sequence_check sequence;
        for (int i = 0; i < messages; ++i) {
            const auto got = in.receive_for(watchdog);
            const auto fault = got ? sequence.fault_of(got) : "nothing came";
            if (fault) ADD_FAILURE() << *fault;
            if (got) topics.emplace(got.topic());
        }
        return topics;
    }

    template <class Endpoint>
    static std::string reason_of(Endpoint& at, topic_event::kind wanted) {
        std::optional<topic_event> event;
        EXPECT_TRUE(eventually([&] { return (event = at.try_event()) && event->what == wanted; }));
        return event ? event->reason : "no event";
    }

    own_rendezvous place_;
    context here_{};
};

TEST_F(Pattern, APublisherThatStartsLaterIsHeard) {
    subscriber<small_message> in{here_, "robot/*", blocking};
    const os::child out = start_actor({"say", "robot/pose", "5"});
    EXPECT_EQ(topics_of(in, 5).count("robot/pose"), 5u);
}

TEST_F(Pattern, APublisherThatStartedFirstIsHeard) {
    const os::child out = start_actor({"say", "robot/pose", "5"});
    wait_for_endpoints(1);
    subscriber<small_message> in{here_, "robot/*", blocking};
    EXPECT_EQ(topics_of(in, 5).count("robot/pose"), 5u);
}

TEST_F(Pattern, ThreeLevelsAreHeardEachMessageOnce) {
    std::vector<os::child> all;
    all.push_back(start_actor({"say", "robot/a", "20"}));
    wait_for_endpoints(1);
    subscriber<small_message> in{here_, "robot/**", blocking};
    for (const char* name : {"robot/arm/a", "robot/arm/left/a", "car/a"})
        all.push_back(start_actor({"say", name, "20"}));
    const auto heard = topics_of(in, 60);
    for (const char* name : {"robot/a", "robot/arm/a", "robot/arm/left/a"})
        EXPECT_EQ(heard.count(name), 20u) << name;
    EXPECT_FALSE(in.try_receive());
}

TEST_F(Pattern, ADeathIsToldAndTheOthersGoOn) {
    subscriber<small_message> in{here_, "robot/**", blocking};
    os::child victim = start_actor({"publish", "robot/victim"});
    EXPECT_EQ(topics_of(in, 20).count("robot/victim/small"), 20u);
    victim.handle().send_signal(SIGKILL);
    while (in.receive_for(std::chrono::milliseconds{1}) || in.publishers() != 0) {
    }
    const os::child survivor = start_actor({"say", "robot/survivor", "5"});
    EXPECT_EQ(topics_of(in, 5).count("robot/survivor"), 5u);
    EXPECT_NE(reason_of(in, topic_event::kind::died), "");
}

TEST_F(Pattern, ASubscriberThatLeavesOrDiesIsToldAndItsNameGoes) {
    publisher<small_message> out{here_, "robot/pose"};
    os::child victim = start_actor({"hear", "robot/*", "1000"});
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    victim.handle().send_signal(SIGKILL);
    EXPECT_NE(reason_of(out, topic_event::kind::died), "");
    const os::child leaver = start_actor({"hear", "robot/**", "1"});
    ASSERT_TRUE(out.wait_for_subscribers_for(1, watchdog));
    small_message message;
    fill(message, 1, 0);
    out.publish(message);
    EXPECT_EQ(reason_of(out, topic_event::kind::left), "left");
    EXPECT_EQ(status_of(leaver), 0);
    const context newcomer{};  // whoever comes next removes the name of the dead
    EXPECT_TRUE(std::filesystem::is_empty(place_.path() + "/patterns"));
}

TEST_F(Pattern, PublishersOfAnotherTypeAreAnEventAndTheOthersAreHeard) {
    subscriber<small_message> in{here_, "robot/**", blocking};
    const os::child both = start_actor({"publish", "robot"});  // robot/small, robot/large
    EXPECT_EQ(topics_of(in, 20).count("robot/small"), 20u);
    EXPECT_NE(reason_of(in, topic_event::kind::refused).find("robot/large"), std::string::npos);
}

TEST_F(Pattern, ManyPublishersAndPatternsAllMeet) {
    std::vector<os::child> all;
    for (int i = 0; i < 10; ++i) {
        const std::string topic = "fleet/r" + std::to_string(i) + "/pose";
        all.push_back(start_actor({"meet", topic, "p", "5"}));
        if (i % 3 == 0) all.push_back(start_actor({"meet", "fleet/**", "s", "10"}));
        if (i == 5) all.push_back(start_actor({"meet", "fleet/*/pose", "s", "10"}));
    }
    int met = 0;
    for (const os::child& one : all) met += status_of(one) == 0;
    EXPECT_EQ(met, 15);
}

}  // namespace
}  // namespace signet::tests
