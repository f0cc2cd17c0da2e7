// SPDX-License-Identifier: Apache-2.0
#include "command_run.hpp"

#include <signet/os/cpu.hpp>

#include <nlohmann/json.hpp>

#include <csignal>

namespace signet::testing {
namespace {

using nlohmann::json;

/// The other cases need two cpus, and are not offered on one.
void expect_no_such_case(const outcome& ended) {
    EXPECT_EQ(ended.status, 1);
    EXPECT_NE(ended.err.find("no such case; there are"), std::string::npos) << ended.err;
}

/// A kind of case in each test: on a busy machine those that spin take their time.
struct CommandBenchTest : CommandTest, ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(, CommandBenchTest,
                         ::testing::Values("round_trip", "sleep", "stream", "fan_out"));

TEST_P(CommandBenchTest, TellsEachCaseWithAllFields) {
    const outcome ended = run({"bench", "topic", "--quick", "--json", "--case", GetParam()});
    if (os::cpu_count() < 2 && GetParam() != std::string{"sleep"})
        return expect_no_such_case(ended);
    ASSERT_EQ(ended.status, 0) << ended.err;
    const json list = json::parse(ended.out);
    ASSERT_FALSE(list.empty());
    for (const json& one : list) {
        EXPECT_EQ(one["pattern"], "topic");
        EXPECT_EQ(one["carrier"], "shm");
        EXPECT_GT(one["payload_bytes"], 0);
        EXPECT_TRUE(one["wait"] == "poll" || one["wait"] == "sleep");
        EXPECT_GE(one["subscribers"], 1);
        EXPECT_GT(one["limit_ratio"], 0) << one;
        EXPECT_GT(one["msgs_per_s"], 0) << one;
        EXPECT_GT(one["limits"][one["limit"].get<std::string>()], 0) << one;
        if (one["kind"] == "round_trip") {
            for (const char* field : {"p50", "p99", "p999"}) EXPECT_GT(one["rtt_ns"][field], 0);
        } else {
            EXPECT_GT(one["gb_per_s"], 0) << one;
        }
    }
}

/// Likewise, for `bench crowd`.
struct CommandCrowdTest : CommandTest, ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(, CommandCrowdTest,
                         ::testing::Values("idle", "disturbed", "encode", "observed"));

TEST_P(CommandCrowdTest, TellsEachCaseWithoutTheOthersAndWithThem) {
    const outcome ended = run({"bench", "crowd", "--quick", "--json", "--case", GetParam()});
    if (os::cpu_count() < 2 && GetParam() != std::string{"encode"})
        return expect_no_such_case(ended);
    ASSERT_EQ(ended.status, 0) << ended.err;
    const json list = json::parse(ended.out);
    EXPECT_EQ(list.size(), GetParam() == std::string{"disturbed"} ? 3 : 1);
    for (const json& one : list) {
        for (const char* field : {"without", "with", "ratio"}) EXPECT_GT(one[field], 0) << one;
    }
}

/// Likewise, for `bench sync`.
struct CommandSyncBenchTest : CommandTest, ::testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(, CommandSyncBenchTest,
                         ::testing::Values("mutex/alone", "mutex/contended", "semaphore",
                                           "shared_mutex", "shared", "heap", "barrier",
                                           "condition_variable"));

TEST_P(CommandSyncBenchTest, TellsEachCaseBesideItsRival) {
    const std::string name = GetParam();
    const bool needs_two =
        name == "mutex/contended" || name == "barrier" || name == "condition_variable";
    const outcome ended = run({"bench", "sync", "--quick", "--json", "--case", name});
    if (os::cpu_count() < 2 && needs_two) return expect_no_such_case(ended);
    ASSERT_EQ(ended.status, 0) << ended.err;
    const json list = json::parse(ended.out);
    EXPECT_EQ(list.size(), name == "shared" ? 2 : 1);
    for (const json& one : list) {
        EXPECT_EQ(one["pattern"], "sync");
        EXPECT_FALSE(one["rival"].get<std::string>().empty());
        for (const char* field : {"ours", "rivals", "ratio"}) EXPECT_GT(one[field], 0) << one;
    }
}

TEST_F(CommandTest, BenchChannelTellsEachCarrierBesideItsRawCalls) {
    const outcome ended = run({"bench", "channel", "--quick", "--json", "--case", "unix"});
    ASSERT_EQ(ended.status, 0) << ended.err;
    const json list = json::parse(ended.out);
    EXPECT_EQ(list.size(), 2);
    for (const json& one : list) {
        EXPECT_EQ(one["carrier"], "unix");
        EXPECT_EQ(one["rival"], "raw unix stream");
        for (const char* field : {"ours", "rivals", "ratio"}) EXPECT_GT(one[field], 0) << one;
    }
}

TEST_F(CommandTest, BenchCallTellsCallsBesideMessages) {
    const outcome ended = run({"bench", "call", "--quick", "--json", "--case", "unix"});
    ASSERT_EQ(ended.status, 0) << ended.err;
    const json list = json::parse(ended.out);
    EXPECT_EQ(list.size(), 4);
    for (const json& one : list) {
        EXPECT_EQ(one["pattern"], "call");
        for (const char* field : {"ours", "rivals", "ratio"}) EXPECT_GT(one[field], 0) << one;
    }
}

TEST_F(CommandTest, BenchChannelStartsItselfWhereAProgramIsTheOtherEnd) {
    const outcome ended = run({"bench", "channel", "--quick", "--json", "--case", "exec"});
    ASSERT_EQ(ended.status, 0) << ended.err;
    const json list = json::parse(ended.out);
    EXPECT_EQ(list.size(), 2);
    for (const json& one : list) EXPECT_GT(one["ratio"], 0) << one;
}

TEST_F(CommandTest, BenchLimitsTellsEachLimit) {
    const outcome ended = run({"bench", "limits", "--json", "--scale", "0.05"});
    ASSERT_EQ(ended.status, 0) << ended.err;
    const json limits = json::parse(ended.out);
    for (const char* field : {"cacheline_rtt_ns", "futex_rtt_ns", "futex_rtt_one_core_ns",
                              "copy_gb_per_s", "ring_msgs_per_s", "cores"}) {
        EXPECT_GT(limits[field], 0) << field;
    }
}

TEST_F(CommandTest, ACaseThatDoesNotExistIsAnErrorThatListsThem) {
    const outcome ended = run({"bench", "topic", "--case", "none"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_NE(ended.err.find("sleep/one_core"), std::string::npos);
}

}  // namespace
}  // namespace signet::testing
