// SPDX-License-Identifier: Apache-2.0
// What `signet top`, `ls` and `sub --stats` show of processes that run.
#include "command_run.hpp"

#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>
#include <signet/testing/eventually.hpp>

#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>
#include <sstream>

namespace signet::testing {
namespace {

using nlohmann::json;

struct pose {
    double x, y;
};

struct picture {
    std::byte pixels[1000];
};

bool mentions(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

struct TopTest : CommandTest {
    json look() {
        const outcome seen = run({"top", "--once", "--json", "--interval", "0.05"});
        EXPECT_EQ(seen.status, 0) << seen.err;
        return json::parse(seen.out);
    }

    context here{{.directory = directory()}};
};

TEST_F(TopTest, NobodyIsAnEmptyTable) {
    const outcome seen = run({"top", "--once", "--interval", "0.05"});
    EXPECT_EQ(seen.status, 0);
    EXPECT_TRUE(mentions(seen.out, "1 process, 0 topics"));
}

TEST_F(TopTest, CountsOfBothEndsAreThere) {
    publisher<pose> robot{here, "robot/pose", {.timestamps = true}};
    subscriber<pose> poses{here, "robot/pose"};
    robot.wait_for_subscribers(1);
    robot.publish({});
    poses.receive();
    const json seen = look();
    EXPECT_EQ(seen["publishers"].at(0)["published"], 1);
    EXPECT_EQ(seen["publishers"][0]["bytes"], sizeof(pose));
    EXPECT_EQ(seen["subscriptions"].at(0)["publisher"], seen["publishers"][0]["endpoint"]);
    EXPECT_EQ(seen["subscriptions"][0]["latency_in_all"]["messages"], 1);
}

TEST_F(TopTest, WhoHoldsWhichSampleIsThere) {
    publisher<picture> camera{here, "robot/camera"};
    subscriber<picture> pictures{here, "robot/camera"};
    camera.wait_for_subscribers(1);
    camera.publish({});
    const auto held = pictures.receive();
    EXPECT_EQ(look()["subscriptions"].at(0)["held"].at(0)["number"], 0);
    EXPECT_TRUE(mentions(run({"top", "--once", "--interval", "0.05"}).out, "holds 1, longest"));
    EXPECT_EQ(json::parse(run({"ls", "--json"}).out).at(1)["held"], 1);
}

TEST_F(TopTest, OnlyTheTopicThatWasAskedForIsShown) {
    publisher<pose> one{here, "robot/pose"}, other{here, "robot/arm"};
    const std::string seen = run({"top", "robot/arm", "--once", "--interval", "0.05"}).out;
    EXPECT_TRUE(mentions(seen, "robot/arm"));
    EXPECT_FALSE(mentions(seen, "robot/pose"));
}

TEST_F(TopTest, EachLookIsOneObjectOnALine) {
    const outcome seen = run({"top", "--json", "--count", "3", "--interval", "0.02"});
    std::istringstream lines{seen.out};
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        EXPECT_EQ(json::parse(line)["processes"], 1);
    }
    EXPECT_EQ(count, 3);
}

TEST_F(TopTest, ControlCEndsItWell) {
    running top = start({"top", "--interval", "1000"});
    EXPECT_TRUE(eventually([&] {  // it has taken the signal over
        std::ifstream status{"/proc/" + std::to_string(top.pid()) + "/status"};
        const std::string all{std::istreambuf_iterator<char>{status}, {}};
        return mentions(all, "SigBlk:\t0000000008004003");
    }));
    top.signal(SIGINT);
    EXPECT_EQ(top.wait().status, 0);
}

TEST_F(TopTest, AProcessThatWasStoppedIsStillListed) {
    running sub = start({"sub", "a/b"});
    EXPECT_TRUE(eventually([&] { return look()["others"].size() == 1; }));
    sub.signal(SIGSTOP);
    const json seen = look();
    EXPECT_TRUE(mentions(seen["others"].at(0)["problem"], "does not answer"));
    EXPECT_EQ(seen["others"][0]["pid"], sub.pid());
}

TEST_F(TopTest, AListTellsOfMemoryAndLag) {
    publisher<pose> robot{here, "robot/pose"};
    subscriber<pose> poses{here, "robot/pose", {.policy = delivery::block}};
    robot.wait_for_subscribers(1);
    robot.publish({});
    const json list = json::parse(run({"ls", "--json"}).out);
    EXPECT_GT(list.at(0)["memory_bytes"], 0);
    EXPECT_EQ(list[0]["evicted"], 0);
    EXPECT_EQ(list.at(1)["lag"], 1);
    EXPECT_TRUE(mentions(run({"ls"}).out, "LAG"));
}

TEST_F(TopTest, SubPrintsItsRatesInPlaceOfMessages) {
    running sub = start({"sub", "a/b", "--stats", "--interval", "0.02", "--json", "--count", "3"});
    publisher<pose> robot{here, "a/b"};
    robot.wait_for_subscribers(1);
    EXPECT_TRUE(eventually([&] { return robot.publish({}) && robot.subscribers() == 0; }));
    const outcome heard = sub.wait();
    EXPECT_EQ(heard.status, 0);
    EXPECT_FALSE(mentions(heard.out, "\"data\""));
    EXPECT_TRUE(mentions(heard.err, "3 received"));
}

TEST_F(TopTest, AStatisticsLineIsJson) {
    const outcome heard =
        run({"sub", "a/b", "--stats", "--interval", "0.02", "--json", "--timeout", "0.5"});
    const json line = json::parse(heard.out.substr(0, heard.out.find('\n')));
    EXPECT_EQ(line["received"], 0);
    EXPECT_EQ(line["publishers"], 0);
}

TEST_F(TopTest, SubToldWhatIsDueTellsOfASilence) {
    const outcome heard = run({"sub", "a/b", "--due", "10", "--timeout", "1"});
    EXPECT_TRUE(mentions(heard.err, "late")) << heard.err;
}

TEST_F(TopTest, HistoryIsForThoseWhoComeLate) {
    publisher<pose> robot{here, "robot/pose", {.history = 4}};
    robot.publish({1, 2});
    const outcome heard =
        run({"sub", "robot/pose", "--history", "1", "--count", "1", "--json", "--timeout", "60"});
    EXPECT_EQ(heard.status, 0);
    EXPECT_EQ(json::parse(heard.out)["data"]["x"], 1);
}

TEST_F(TopTest, MessagesOfPubSayWhenTheyWerePublished) {
    running sub = start({"sub", "a/b"});
    running pub = start({"pub", "a/b", "x", "--count", "100000", "--rate", "1000", "--wait", "1"});
    EXPECT_TRUE(eventually([&] {
        const json seen = look();
        return !seen["subscriptions"].empty() &&
               seen["subscriptions"][0]["latency_in_all"].value("messages", 0) > 0;
    }));
}

}  // namespace
}  // namespace signet::testing
