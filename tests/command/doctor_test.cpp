// SPDX-License-Identifier: Apache-2.0
// Why two ends do not meet, as `signet doctor TOPIC` tells it.
#include "command_run.hpp"

#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>

#include <nlohmann/json.hpp>

#include <csignal>

namespace signet::testing {
namespace {

using nlohmann::json;

struct pose {
    double x, y;
};

bool mentions(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

struct DoctorTest : CommandTest {
    /// What it finds to be wrong, at one visit.
    std::string complaint(const std::string& topic) {
        const outcome visit = run({"doctor", topic});
        EXPECT_EQ(visit.status, 1) << visit.out;
        return visit.out;
    }

    context here{{.directory = directory()}};
};

TEST_F(DoctorTest, TwoEndsThatMeetAreWell) {
    publisher<pose> robot{here, "robot/pose"};
    subscriber<pose> poses{here, "robot/pose"};
    EXPECT_TRUE(eventually([&] { return run({"doctor", "robot/pose"}).status == 0; }));
}

TEST_F(DoctorTest, NobodyThereIsAFinding) {
    EXPECT_TRUE(mentions(complaint("robot/pose"), "0 publishers and 0 subscribers"));
}

TEST_F(DoctorTest, ANameThatIsNearlyTheSameIsTold) {
    publisher<pose> robot{here, "robot/psoe"};
    subscriber<pose> poses{here, "robot/pose"};
    EXPECT_TRUE(mentions(complaint("robot/pose"), "did you mean 'robot/psoe'"));
}

TEST_F(DoctorTest, AnotherDirectoryIsTold) {
    const temporary_directory elsewhere;
    const context there{{.directory = elsewhere.path()}};
    publisher<pose> robot{there, "robot/pose"};
    subscriber<pose> poses{here, "robot/pose"};
    EXPECT_TRUE(mentions(complaint("robot/pose"), "but in " + elsewhere.path()));
}

TEST_F(DoctorTest, WhoMeetsHereDoesNotMissThoseElsewhere) {
    const temporary_directory elsewhere;
    const context there{{.directory = elsewhere.path()}};
    publisher<pose> robot_there{there, "robot/pose"};
    publisher<pose> robot{here, "robot/pose"};
    subscriber<pose> poses{here, "robot/pose"};
    robot.wait_for_subscribers(1);
    const outcome visit = run({"doctor", "robot/pose"});
    EXPECT_EQ(visit.status, 0) << visit.out;
    EXPECT_TRUE(mentions(visit.out, "but in " + elsewhere.path())) << visit.out;
}

TEST_F(DoctorTest, SubscribersThatAreTooManyAreTold) {
    publisher<pose> robot{here, "robot/pose", {.subscribers_max = 1}};
    subscriber<pose> first{here, "robot/pose"};
    robot.wait_for_subscribers(1);
    subscriber<pose> second{here, "robot/pose"};
    EXPECT_TRUE(mentions(complaint("robot/pose"), "raise publisher_options::subscribers_max"));
}

TEST_F(DoctorTest, ADeliveryThatIsNotAllowedIsTold) {
    publisher<pose> robot{here, "robot/pose", {.allow_block = false}};
    subscriber<pose> poses{here, "robot/pose", {.policy = delivery::block}};
    EXPECT_TRUE(mentions(complaint("robot/pose"), "does not let it"));
}

TEST_F(DoctorTest, AStoppedProcessIsCalledStopped) {
    running sub = start({"sub", "a/b"});
    publisher<pose> robot{here, "a/b"};
    robot.wait_for_subscribers(1);
    sub.signal(SIGSTOP);
    EXPECT_TRUE(eventually([&] {  // it stops a moment later
        return mentions(run({"doctor", "a/b"}).out,
                        "kill -CONT " + std::to_string(sub.pid()) + " lets it go on");
    }));
}

TEST_F(DoctorTest, AProcessWithoutDescriptorsLeftIsTold) {
    const std::string inherited = "for fd in 3 4 5 6 7 8 9; do eval \"exec $fd>&-\"; done; ";
    running shell = start_shell(inherited + "ulimit -n 20; exec $SIGNET sub a/b");
    EXPECT_TRUE(
        eventually([&] { return mentions(run({"doctor", "a/b"}).out, "of 20 descriptors"); }));
}

TEST_F(DoctorTest, FindingsAreJsonForScripts) {
    const json visit = json::parse(run({"doctor", "robot/pose", "--json"}).out);
    EXPECT_EQ(visit["ok"], false);
    EXPECT_TRUE(visit["endpoints"].empty());
}

}  // namespace
}  // namespace signet::testing
