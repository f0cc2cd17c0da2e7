// SPDX-License-Identifier: Apache-2.0
// `signet push`, `pop` and `queue`, with each other and with programs.
#include "command_run.hpp"

#include <signet/queue.hpp>
#include <signet/testing/eventually.hpp>

#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace signet::testing {
namespace {

using nlohmann::json;

struct order {
    int number;
    std::string item;
};

bool mentions(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

std::string content_of(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// Changes a byte where those stand.
void damage(const std::string& path, const std::string& bytes) {
    const std::size_t at = content_of(path).find(bytes);
    ASSERT_NE(at, std::string::npos);
    std::fstream file{path, std::ios::binary | std::ios::in | std::ios::out};
    file.seekp(static_cast<std::streamoff>(at));
    file.put('!');
}

class QueueCommandTest : public CommandTest {
protected:
    std::string printed(std::vector<std::string> arguments, const std::string& input = {}) {
        const outcome ended = run(std::move(arguments), input);
        EXPECT_EQ(ended.status, 0) << ended.err;
        return ended.out;
    }
    json shown(const std::string& name) {
        return json::parse(printed({"queue", "show", name, "--json"}));
    }
};

TEST_F(QueueCommandTest, WhatIsPushedIsPoppedInItsOrder) {
    printed({"push", "jobs", "first", "second line"});
    EXPECT_EQ(printed({"pop", "jobs", "-n", "2"}), "first\nsecond line\n");
    EXPECT_EQ(shown("jobs")["length"], 0);
}

TEST_F(QueueCommandTest, StandardInputIsOneMessageOrALineEach) {
    printed({"push", "jobs"}, "a\nb\n");
    printed({"push", "jobs", "--lines"}, "c\nd\n");
    EXPECT_EQ(printed({"pop", "jobs", "--all"}), "a\nb\n\nc\nd\n");
}

TEST_F(QueueCommandTest, TermsAreKept) {
    printed({"push", "jobs", "later", "--priority", "1", "--priorities", "2"});
    printed({"push", "jobs", "sooner", "--id", "order 17", "--reply-to", "box"});
    const json first = json::parse(printed({"pop", "jobs", "--json"}));
    EXPECT_EQ(first["message"], "sooner");
    EXPECT_EQ(first["id"], "order 17");
    EXPECT_EQ(first["reply_to"], "box");
    EXPECT_EQ(first["deliveries"], 1);
}

TEST_F(QueueCommandTest, ADuplicateIsTold) {
    printed({"push", "jobs", "once", "--id", "1", "--id-window", "3600"});
    const json again = json::parse(printed({"push", "jobs", "once", "--id", "1", "--json"}));
    EXPECT_EQ(again["pushed"], 0);
    EXPECT_EQ(again["duplicates"], 1);
}

TEST_F(QueueCommandTest, AProgramsTypeIsJson) {
    queue<order> orders{"orders"};
    printed({"push", "orders", R"({"number": 17, "item": "tea"})"});
    auto got = orders.pop();
    EXPECT_EQ(got->number, 17);
    got.ack();
    orders.push({18, "cake"});
    EXPECT_EQ(json::parse(printed({"pop", "orders"})), (json{{"number", 18}, {"item", "cake"}}));
}

TEST_F(QueueCommandTest, WhatIsNotOfItsTypeIsRefusedWithTheField) {
    const queue<order> orders{"orders"};
    const outcome refused = run({"push", "orders", R"({"number": "x"})"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_TRUE(mentions(refused.err, "number")) << refused.err;
}

TEST_F(QueueCommandTest, ACommandWorksOnEachMessage) {
    printed({"push", "jobs", "one", "$(two)", "it's three"});
    EXPECT_EQ(printed({"pop", "jobs", "--all", "--exec", "echo got {}"}),
              "got one\ngot $(two)\ngot it's three\n");
}

TEST_F(QueueCommandTest, AMessageIsTheInputOfItsCommand) {
    printed({"push", "jobs"}, "some\nlines\n");
    EXPECT_EQ(printed({"pop", "jobs", "--exec", "wc -l"}), "2\n");
}

TEST_F(QueueCommandTest, AFailureGivesTheMessageBackAndEndsTheWorker) {
    printed({"push", "jobs", "bad", "good"});
    const outcome failed = run({"pop", "jobs", "--follow", "--exec", "test {} = good"});
    EXPECT_EQ(failed.status, 1);
    EXPECT_TRUE(mentions(failed.err, "the message went back")) << failed.err;
    EXPECT_EQ(printed({"pop", "jobs", "--all"}), "bad\ngood\n");
}

TEST_F(QueueCommandTest, AWorkerThatKeepsGoingDoesTheRest) {
    printed({"push", "jobs", "bad", "good"});
    const outcome ended = run({"pop", "jobs", "--all", "--keep-going", "--retry", "3600", "--exec",
                               "test {} = good && echo {}"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.out, "good\n");
    EXPECT_EQ(shown("jobs")["delayed"], 1);
}

TEST_F(QueueCommandTest, AnInterruptedWorkerGivesItsMessageBack) {
    printed({"push", "jobs", "long"});
    running worker = start({"pop", "jobs", "--follow", "--exec", "sleep 1000"});
    EXPECT_TRUE(eventually([&] { return shown("jobs")["in_flight"] == 1; }));
    worker.signal(SIGINT);
    EXPECT_EQ(worker.wait().status, 128 + SIGINT);
    EXPECT_EQ(shown("jobs")["length"], 1);
}

TEST_F(QueueCommandTest, AnIdleWorkerEndsInGoodOrderWhenItIsInterrupted) {
    printed({"push", "jobs", "one"});
    running worker = start({"pop", "jobs", "--follow"});
    EXPECT_TRUE(eventually([&] { return shown("jobs")["length"] == 0; }));
    worker.signal(SIGINT);
    const outcome ended = worker.wait();
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(ended.out, "one\n");
}

TEST_F(QueueCommandTest, AKilledWorkersMessageComesAgain) {
    printed({"push", "jobs", "long"});
    running worker = start({"pop", "jobs", "--follow", "--exec", "sleep 1000"});
    EXPECT_TRUE(eventually([&] { return shown("jobs")["in_flight"] == 1; }));
    EXPECT_EQ(shown("jobs")["holders"][0]["pid"], worker.pid());
    worker.signal(SIGKILL);
    worker.wait();
    EXPECT_EQ(json::parse(printed({"pop", "jobs", "--json"}))["deliveries"], 2);
}

TEST_F(QueueCommandTest, QueuesAreListed) {
    EXPECT_EQ(json::parse(printed({"queue", "ls", "--json"})), json::array());
    printed({"push", "shop/orders", "tea"});
    const json all = json::parse(printed({"queue", "ls", "--json"}));
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0]["queue"], "shop/orders");
    EXPECT_EQ(all[0]["length"], 1);
    EXPECT_TRUE(mentions(printed({"queue", "ls"}), "shop/orders"));
}

TEST_F(QueueCommandTest, DeadLettersAreShownRedrivenAndPurged) {
    queue<std::string> jobs{"jobs"};
    jobs.push("bad");
    jobs.pop().dead_letter("no use");
    const std::string dead = printed({"queue", "show", "jobs", "--messages", "9", "--dead"});
    EXPECT_TRUE(mentions(dead, "bad  (refused: no use)")) << dead;
    EXPECT_EQ(printed({"queue", "redrive", "jobs"}), "1 redriven\n");
    EXPECT_EQ(shown("jobs")["length"], 1);
    EXPECT_EQ(printed({"queue", "purge", "jobs"}), "1 purged\n");
    EXPECT_EQ(shown("jobs")["length"], 0);
}

TEST_F(QueueCommandTest, ShowingMessagesTakesNone) {
    printed({"push", "jobs", "one", "two"});
    const std::string seen = printed({"queue", "show", "jobs", "--messages", "9"});
    EXPECT_TRUE(mentions(seen, "one") && mentions(seen, "two")) << seen;
    EXPECT_EQ(shown("jobs")["length"], 2);
}

TEST_F(QueueCommandTest, AQueueThatIsNotThereIsToldWithWhatToDo) {
    for (const char* verb : {"show", "purge", "redrive"}) {
        const outcome refused = run({"queue", verb, "nowhere"});
        EXPECT_EQ(refused.status, 1);
        EXPECT_TRUE(mentions(refused.err, "signet queue ls")) << refused.err;
    }
    EXPECT_EQ(run({"queue", "rm", "nowhere"}).status, 1);
    EXPECT_EQ(run({"pop", "nowhere"}).status, 1);
}

TEST_F(QueueCommandTest, ARemovedQueueIsGone) {
    printed({"push", "jobs", "one"});
    printed({"queue", "rm", "jobs"});
    EXPECT_EQ(json::parse(printed({"queue", "ls", "--json"})), json::array());
}

TEST_F(QueueCommandTest, ASoundQueueIsVerified) {
    printed({"push", "jobs", "one", "two"});
    const json seen = json::parse(printed({"queue", "verify", "jobs", "--json"}));
    EXPECT_EQ(seen["ready"], 2);
    EXPECT_EQ(seen["flaws"], json::array());
}

TEST_F(QueueCommandTest, DamageIsFoundWithoutBeingTouched) {
    printed({"push", "jobs", "one"});
    const std::string file = directory() + "/queues/jobs";
    damage(file, "queue01");
    const std::string before = content_of(file);
    const outcome found = run({"queue", "verify", "jobs"});
    EXPECT_EQ(found.status, 1);
    EXPECT_TRUE(mentions(found.out, "damaged: the queue")) << found.out;
    EXPECT_EQ(content_of(file), before);
}

TEST_F(QueueCommandTest, AQueueOnADiskIsPushedPoppedAndVerified) {
    const std::string address = "file://" + directory() + "/durable";
    printed({"push", address, "one", "two"});
    EXPECT_EQ(printed({"pop", address}), "one\n");
    EXPECT_EQ(json::parse(printed({"queue", "show", address, "--json"}))["durability"],
              "host_crash");
    EXPECT_EQ(json::parse(printed({"queue", "verify", address, "--json"}))["flaws"], json::array());
    printed({"queue", "rm", address});
    EXPECT_EQ(run({"pop", address}).status, 1);
}

TEST_F(QueueCommandTest, AFullQueueIsToldWhereNobodyIsToWait) {
    const std::vector<std::string> push{"push",   "jobs",     std::string(900, 'x'),
                                        "--size", "16384",    "--message-max",
                                        "1000",   "--no-wait"};
    outcome ended = run(push);
    for (int i = 0; i < 100 && ended.status == 0; ++i) ended = run(push);
    EXPECT_EQ(ended.status, 1);
    EXPECT_TRUE(mentions(ended.err, "it is full")) << ended.err;
}

}  // namespace
}  // namespace signet::testing
