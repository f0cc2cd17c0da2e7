// SPDX-License-Identifier: Apache-2.0
#include "command_run.hpp"

#include <nlohmann/json.hpp>

#include <csignal>

namespace signet::testing {
namespace {

using nlohmann::json;

TEST_F(CommandTest, BenchTopicTellsEachCaseWithAllFields) {
    const outcome ended = run({"bench", "topic", "--quick", "--json"});
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
