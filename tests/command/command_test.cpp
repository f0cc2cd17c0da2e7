// SPDX-License-Identifier: Apache-2.0
#include "command_run.hpp"

#include <signet/observe/inspect.hpp>
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <thread>

namespace signet::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

struct pose {
    double x, y;
    std::int32_t id;
    char name[12];
};

struct other_pose {
    float x, y;
};

/// The test itself takes part, by the library.
struct CommandWithPeerTest : CommandTest {
    context here{{.directory = directory()}};
};

bool mentions(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

void wait_until(const std::function<bool()>& condition) {
    const deadline limit = after(60s);
    while (!condition()) {
        if (clock::now() > limit) throw std::runtime_error{"it did not come true"};
        std::this_thread::yield();
    }
}

std::size_t endpoints_at(const std::string& directory) {
    std::size_t count = 0;
    for (const auto& process : observe::inspect(directory).processes) {
        count += process.endpoints.size();
    }
    return count;
}

// ---- memory -------------------------------------------------------------------------------------

TEST_F(CommandTest, APlanIsPrintedAndNothingIsPublished) {
    const outcome plan = run({"pub", "robot/log", "--depth", "8", "--plan"});
    EXPECT_EQ(plan.status, 0) << plan.err;
    EXPECT_TRUE(mentions(plan.out, "ring full   24 KiB: the ring, 10 chunks of 1 KiB")) << plan.out;
    EXPECT_EQ(endpoints_at(directory()), 0u);
}

TEST_F(CommandTest, APlanIsPrintedForScripts) {
    const outcome plan =
        run({"pub", "--plan=json", "robot/log", "--bytes", "--depth", "8", "--huge-pages"});
    const json facts = json::parse(plan.out);
    EXPECT_EQ(facts["chunks_full"], 10);
    EXPECT_EQ(facts["huge_pages"], 1);
}

TEST_F(CommandTest, WhatDoesNotFitIsRefusedWithTheReason) {
    running shell = start_shell("ulimit -f 100; $SIGNET pub t hello --payload-max 4000000");
    const outcome refused = shell.wait();
    EXPECT_NE(refused.status, 0);
    EXPECT_TRUE(mentions(refused.err, "the limit of file sizes (ulimit -f) leaves")) << refused.err;
}

TEST_F(CommandTest, PrefaultedMemoryCarriesMessages) {
    running listener = start({"sub", "t", "--count", "1"});
    wait_until([&] { return endpoints_at(directory()) == 1; });
    EXPECT_EQ(run({"pub", "t", "hello", "--prefault", "--wait", "1"}).status, 0);
    EXPECT_TRUE(mentions(listener.wait().out, "hello"));
}

// ---- help and usage -----------------------------------------------------------------------------

TEST_F(CommandTest, EachSubcommandHelpsWithAnExample) {
    for (const char* line : {"pub", "sub", "ls", "doctor", "bench", "bench limits", "bench topic",
                             "call", "describe", "serve"}) {
        const outcome help = start_shell(std::string{"$SIGNET "} + line + " --help").wait();
        EXPECT_EQ(help.status, 0) << line;
        EXPECT_TRUE(mentions(help.out, "Example")) << line;
    }
}

TEST_F(CommandTest, WrongUsageEndsWithTwo) {
    EXPECT_EQ(run({}).status, 2);
    EXPECT_EQ(run({"sub"}).status, 2);
    EXPECT_EQ(run({"sub", "a/b", "--count", "none"}).status, 2);
    EXPECT_EQ(run({"no-such-subcommand"}).status, 2);
}

TEST_F(CommandTest, ABadNameIsAnErrorInASentence) {
    for (const char* subcommand : {"pub", "sub", "ls", "doctor"}) {
        const outcome ended = run({subcommand, "robot//pose"});
        EXPECT_EQ(ended.status, 1) << subcommand;
        EXPECT_TRUE(mentions(ended.err, "signet: ")) << subcommand;
        EXPECT_TRUE(mentions(ended.err, "remove the extra '/'")) << subcommand;
    }
}

TEST_F(CommandTest, ADirectoryOthersMayEnterIsAnErrorInASentence) {
    chmod(directory().c_str(), 0755);
    const outcome ended = run({"pub", "a/b", "text"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_TRUE(mentions(ended.err, "chmod 700"));
}

// ---- pub and sub --------------------------------------------------------------------------------

TEST_F(CommandTest, ArgumentsArriveAsLines) {
    running sub = start({"sub", "a/b", "--count", "2"});
    EXPECT_EQ(run({"pub", "a/b", "--wait", "1", "first", "second one"}).status, 0);
    const outcome heard = sub.wait();
    EXPECT_EQ(heard.status, 0);
    EXPECT_EQ(heard.out, "first\nsecond one\n");
    EXPECT_TRUE(mentions(heard.err, "joined"));
}

TEST_F(CommandTest, EveryLineOfTheInputArrivesAtASubscriberThatBlocks) {
    std::string lines;
    for (int i = 0; i < 20000; ++i) lines += "line " + std::to_string(i) + '\n';
    running sub = start({"sub", "a/b", "--block", "--count", "20000"});
    EXPECT_EQ(run({"pub", "a/b", "--wait", "1"}, lines).status, 0);
    EXPECT_EQ(sub.wait().out, lines);
}

TEST_F(CommandWithPeerTest, SubscribersThatAreListedNeedNoWaiting) {
    subscriber<pose> unrelated{here, "c/d"};
    running sub = start({"sub", "a/b", "--count", "1"});
    wait_until([&] { return endpoints_at(directory()) == 2; });
    EXPECT_EQ(run({"pub", "a/b", "now"}).status, 0);
    EXPECT_EQ(sub.wait().out, "now\n");
}

TEST_F(CommandTest, AMessageToNobodySaysSo) {
    const outcome sent = run({"pub", "a/b", "hello"});
    EXPECT_EQ(sent.status, 0);
    EXPECT_TRUE(mentions(sent.err, "nobody was listening"));
}

TEST_F(CommandTest, ACountRepeatsTheText) {
    running sub = start({"sub", "a/b", "--count", "5"});
    EXPECT_EQ(run({"pub", "a/b", "a", "b", "--count", "5", "--rate", "1000", "--wait", "1"}).status,
              0);
    EXPECT_EQ(sub.wait().out, "a\nb\na\nb\na\n");
}

TEST_F(CommandTest, AFileIsOneMessage) {
    running sub = start({"sub", "a/b", "--count", "1"});
    const std::string text(100'000, 'x');
    const outcome sent = start_shell(
                             "head -c 100000 /dev/zero | tr '\\0' x > $SIGNET_DIR/file;"
                             "$SIGNET pub a/b --wait 1 --file $SIGNET_DIR/file")
                             .wait();
    EXPECT_EQ(sent.status, 0);
    EXPECT_EQ(sub.wait().out, text + '\n');
}

TEST_F(CommandTest, ALineThatIsTooLongNamesTheOption) {
    const outcome sent = run({"pub", "a/b", "--payload-max", "10"}, "0123456789ab\n");
    EXPECT_EQ(sent.status, 1);
    EXPECT_TRUE(mentions(sent.err, "--payload-max"));
}

TEST_F(CommandTest, PubGivesUpWaitingWhenToldTo) {
    const outcome sent = run({"pub", "a/b", "x", "--wait", "1", "--timeout", "0.01"});
    EXPECT_EQ(sent.status, 1);
    EXPECT_TRUE(mentions(sent.err, "no subscriber came"));
}

TEST_F(CommandTest, SubGivesUpWhenToldTo) {
    EXPECT_EQ(run({"sub", "a/b", "--timeout", "0.01"}).status, 0);
    EXPECT_EQ(run({"sub", "a/b", "--timeout", "0.01", "--count", "1"}).status, 1);
}

TEST_F(CommandWithPeerTest, TheFieldsOfATypedMessageAreJson) {
    running sub = start({"sub", "robot/pose", "--json", "--count", "1"});
    publisher<pose> robot{here, "robot/pose"};
    robot.wait_for_subscribers(1);
    robot.publish({1.5, -2, 7, "arm"});
    const json line = json::parse(sub.wait().out);
    EXPECT_EQ(line["topic"], "robot/pose");
    EXPECT_EQ(line["number"], 0);
    EXPECT_EQ(line["lost_before"], 0);
    EXPECT_EQ(line["data"], (json{{"x", 1.5}, {"y", -2}, {"id", 7}, {"name", "arm"}}));
}

TEST_F(CommandWithPeerTest, JsonBecomesAMessageOfTheTypeThatIsThere) {
    subscriber<pose> poses{here, "robot/pose"};
    EXPECT_EQ(run({"pub", "robot/pose", "--json", R"({"x": 2.5, "name": "leg"})"}).status, 0);
    const auto heard = poses.receive();
    EXPECT_EQ(heard->x, 2.5);
    EXPECT_EQ(heard->y, 0);
    EXPECT_STREQ(heard->name, "leg");
}

TEST_F(CommandWithPeerTest, JsonThatDoesNotFitTheTypeNamesTheField) {
    subscriber<pose> poses{here, "robot/pose"};
    const outcome sent = run({"pub", "robot/pose", "--json", R"({"x": "far"})"});
    EXPECT_EQ(sent.status, 1);
    EXPECT_TRUE(mentions(sent.err, "'x'"));
}

TEST_F(CommandWithPeerTest, TextForASubscriberOfAnotherTypeIsToldAsRefused) {
    subscriber<pose> poses{here, "robot/pose"};
    const outcome sent = run({"pub", "robot/pose", "hello"});
    EXPECT_EQ(sent.status, 0);
    EXPECT_TRUE(mentions(sent.err, "refused"));
}

// ---- patterns -----------------------------------------------------------------------------------

TEST_F(CommandTest, APatternPrintsTheTopicBeforeEachMessage) {
    running sub = start({"sub", "robot/**", "--count", "2", "--block"});
    EXPECT_EQ(run({"pub", "robot/a", "hello", "--wait", "1"}).status, 0);
    EXPECT_EQ(run({"pub", "robot/arm/b", "there", "--wait", "1"}).status, 0);
    EXPECT_EQ(sub.wait().out, "robot/a: hello\nrobot/arm/b: there\n");
}

TEST_F(CommandTest, APatternAsJsonTellsTheTopic) {
    running sub = start({"sub", "*/pose", "--count", "1", "--json"});
    EXPECT_EQ(run({"pub", "robot/pose", "hello", "--wait", "1"}).status, 0);
    EXPECT_EQ(json::parse(sub.wait().out)["topic"], "robot/pose");
}

TEST_F(CommandTest, APublisherCannotHaveAPattern) {
    const outcome ended = run({"pub", "robot/*", "hello"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_TRUE(mentions(ended.err, "'*' stands for other names where you subscribe"));
}

TEST_F(CommandWithPeerTest, AListingShowsPatternsAndTakesThem) {
    subscriber<pose> all{here, "robot/**"};
    publisher<pose> robot{here, "robot/pose"};
    publisher<pose> car{here, "car/pose"};
    EXPECT_TRUE(mentions(run({"ls"}).out, "robot/**"));
    EXPECT_EQ(json::parse(run({"ls", "robot/pose", "--json"}).out).size(), 2u);
    EXPECT_EQ(json::parse(run({"ls", "*/pose", "--json"}).out).size(), 2u);
}

TEST_F(CommandWithPeerTest, DoctorCountsThoseThatListenByAPattern) {
    subscriber<other_pose> all{here, "robot/**"};
    publisher<pose> robot{here, "robot/pose"};
    const outcome visit = run({"doctor", "robot/pose"});
    EXPECT_EQ(visit.status, 0) << visit.out;
    EXPECT_TRUE(mentions(visit.out, "1 publishers and 1 subscribers")) << visit.out;
    EXPECT_TRUE(mentions(visit.out, "of 'robot/**'")) << visit.out;
}

// ---- endings ------------------------------------------------------------------------------------

TEST_F(CommandWithPeerTest, ControlCEndsASubscriberInGoodOrder) {
    running sub = start({"sub", "robot/pose"});
    publisher<pose> robot{here, "robot/pose"};
    robot.wait_for_subscribers(1);
    sub.signal(SIGINT);
    EXPECT_EQ(sub.wait().status, 0);
    std::optional<topic_event> event;
    wait_until([&] {
        event = robot.try_event();
        return event && event->what != topic_event::kind::joined;
    });
    EXPECT_EQ(event->what, topic_event::kind::left);
}

TEST_F(CommandTest, TerminatingAPublisherThatWaitsTellsTheSignal) {
    running pub = start({"pub", "a/b", "x", "--wait", "1"});
    wait_until([&] { return endpoints_at(directory()) == 1; });
    pub.signal(SIGTERM);
    EXPECT_EQ(pub.wait().status, 128 + SIGTERM);
    EXPECT_EQ(endpoints_at(directory()), 0u);
}

TEST_F(CommandWithPeerTest, ControlCEndsAPublisherThatReadsAnIdlePipeInGoodOrder) {
    transport::shm::topic_subscriber anything{here.plane(), "a/b", nullptr, {}};
    running shell = start_shell("exec 3<> <(:); exec $SIGNET pub a/b <&3");
    std::optional<topic_event> event;
    wait_until([&] { return (event = anything.try_event()).has_value(); });
    EXPECT_EQ(event->what, topic_event::kind::joined);
    shell.signal(SIGINT);
    EXPECT_EQ(shell.wait().status, 128 + SIGINT);
    wait_until([&] { return (event = anything.try_event()).has_value(); });
    EXPECT_EQ(event->what, topic_event::kind::left);
}

TEST_F(CommandWithPeerTest, AReaderThatHasSeenEnoughEndsItQuietly) {
    running shell = start_shell("$SIGNET sub robot/pose | head -n 1; exit ${PIPESTATUS[0]}");
    publisher<pose> robot{here, "robot/pose"};
    robot.wait_for_subscribers(1);
    wait_until([&] { return robot.publish({}) && robot.subscribers() == 0; });
    const outcome ended = shell.wait();
    EXPECT_EQ(ended.status, 0);
    EXPECT_FALSE(mentions(ended.err, "pipe"));
}

TEST_F(CommandTest, ADeathIsTold) {
    running sub = start({"sub", "a/b"});
    running pub = start({"pub", "a/b", "x", "--count", "1000000", "--rate", "1000", "--wait", "1"});
    wait_until([&] {
        const auto seen = observe::inspect(directory());
        return std::any_of(seen.processes.begin(), seen.processes.end(), [](const auto& process) {
            return !process.endpoints.empty() && process.endpoints[0].receiving.received != 0;
        });
    });
    pub.signal(SIGKILL);
    EXPECT_EQ(pub.wait().status, 128 + SIGKILL);
    wait_until([&] {
        const auto seen = observe::inspect(directory());
        return seen.processes.at(0).endpoints.at(0).receiving.publishers == 0;
    });
    sub.signal(SIGINT);
    EXPECT_TRUE(mentions(sub.wait().err, "died"));
}

// ---- ls and doctor ------------------------------------------------------------------------------

TEST_F(CommandTest, NobodyIsAnEmptyList) {
    EXPECT_EQ(run({"ls", "--json"}).out, "[]\n");
}

TEST_F(CommandWithPeerTest, AListingTellsWhoAndWhat) {
    publisher<pose> robot{here, "robot/pose", {.depth = 32}};
    robot.publish({});
    const json list = json::parse(run({"ls", "--json"}).out);
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0]["topic"], "robot/pose");
    EXPECT_EQ(list[0]["side"], "publisher");
    EXPECT_EQ(list[0]["pid"], getpid());
    EXPECT_TRUE(mentions(list[0]["type"], "pose"));
    EXPECT_EQ(list[0]["published"], 1);
    EXPECT_EQ(list[0]["depth"], 32);
    EXPECT_EQ(list[0]["payload_bytes_max"], sizeof(pose));
    EXPECT_EQ(list[0]["subscribers"], 0);
}

TEST_F(CommandWithPeerTest, AListingCanBeOfOneTopic) {
    subscriber<pose> one{here, "robot/pose"};
    subscriber<pose> two{here, "robot/arm"};
    const json list = json::parse(run({"ls", "robot/arm", "--json"}).out);
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0]["side"], "subscriber");
    EXPECT_EQ(list[0]["policy"], "drop_oldest");
    EXPECT_TRUE(mentions(run({"ls"}).out, "robot/pose"));
}

TEST_F(CommandTest, DoctorIsContentWithAHealthyPlace) {
    const outcome visit = run({"doctor", "--json"});
    EXPECT_EQ(visit.status, 0) << visit.out;
    EXPECT_EQ(json::parse(visit.out)["ok"], true);
}

TEST_F(CommandTest, TheCommandRaisesItsOwnLimitAndTheDoctorTellsTheOneItWasStartedWith) {
    EXPECT_EQ(start_shell("ulimit -S -n 12; $SIGNET pub a/b x").wait().status, 0);
    const outcome visit = start_shell("ulimit -S -n 12; $SIGNET doctor").wait();
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(mentions(visit.out, "12 may be open at once")) << visit.out;
}

TEST_F(CommandTest, DoctorFindsADirectoryOthersMayEnter) {
    chmod(directory().c_str(), 0755);
    const outcome visit = run({"doctor"});
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(mentions(visit.out, "chmod 700"));
}

TEST_F(CommandWithPeerTest, DoctorShowsHowTypesDiffer) {
    publisher<pose> robot{here, "robot/pose"};
    subscriber<other_pose> poses{here, "robot/pose"};
    const outcome visit = run({"doctor", "robot/pose"});
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(mentions(visit.out, "field 'x'")) << visit.out;
}

TEST_F(CommandTest, DoctorAndListTellWhoDoesNotAnswer) {
    running sub = start({"sub", "a/b"});
    wait_until([&] { return endpoints_at(directory()) == 1; });
    sub.signal(SIGSTOP);
    const outcome visit = run({"doctor", "a/b"});
    EXPECT_EQ(visit.status, 1);
    EXPECT_TRUE(mentions(visit.out, "does not answer"));
    const json list = json::parse(run({"ls", "--json"}).out);
    EXPECT_EQ(list.at(0)["answered"], false);
    EXPECT_EQ(list.at(0)["pid"], sub.pid());
}

TEST_F(CommandTest, DoctorRemovesTheNamesOfTheDead) {
    running sub = start({"sub", "a/b"});
    wait_until([&] { return endpoints_at(directory()) == 1; });
    sub.signal(SIGKILL);
    sub.wait();
    EXPECT_TRUE(mentions(run({"doctor"}).out, "names of dead processes"));
    EXPECT_FALSE(mentions(run({"doctor"}).out, "names of dead processes"));
}

}  // namespace
}  // namespace signet::testing
