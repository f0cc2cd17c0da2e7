// SPDX-License-Identifier: Apache-2.0
// What `signet ls` tells of regions.
#include "command_run.hpp"

#include <signet/sync.hpp>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <mutex>

namespace signet::testing {
namespace {

using nlohmann::json;

bool mentions(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

struct CommandRegionsTest : CommandTest {
    json listed(const std::string& which = "**") {
        return json::parse(run({"ls", "--json", which}).out);
    }

    region shop{"shop", {.directory = directory()}};
};

TEST_F(CommandRegionsTest, AListingTellsWhoHasARegionOpen) {
    const json list = listed();
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0]["region"], "shop");
    EXPECT_EQ(list[0]["problem"], "");
    EXPECT_EQ(list[0]["bytes"], 1 << 20);
    EXPECT_EQ(list[0]["free_bytes"], shop.account().free_bytes);
    EXPECT_EQ(list[0]["seats"], 64);
    ASSERT_EQ(list[0]["users"].size(), 1u);
    EXPECT_EQ(list[0]["users"][0]["pid"], getpid());
    EXPECT_EQ(list[0]["users"][0]["alive"], true);
}

TEST_F(CommandRegionsTest, AListingTellsWhoseALockIs) {
    mutex till{shop, "till"};
    const std::scoped_lock mine{till};
    const json object = listed()[0]["objects"].at(0);
    EXPECT_EQ(object["name"], "till");
    EXPECT_EQ(object["kind"], "mutex");
    EXPECT_EQ(object["owner"]["pid"], getpid());
    EXPECT_GT(object["owner"]["since_ns"], 0);
    EXPECT_EQ(object["waited_for"], false);
}

TEST_F(CommandRegionsTest, AListingForPeopleTellsTheSame) {
    mutex till{shop, "till"};
    const semaphore permits{shop, "permits", 5};
    const std::scoped_lock mine{till};
    const std::string text = run({"ls"}).out;
    for (const std::string& told : {std::string{"1/64"}, std::string{"5 permits"},
                                    std::string{"mutex"}, std::to_string(getpid())}) {
        EXPECT_TRUE(mentions(text, told)) << told << " in\n" << text;
    }
}

TEST_F(CommandRegionsTest, AListingCanBeOfOneRegion) {
    const region other{"robot/state", {.directory = directory()}};
    EXPECT_EQ(listed().size(), 2u);
    EXPECT_EQ(listed("robot/*").size(), 1u);
    EXPECT_EQ(listed("shop")[0]["region"], "shop");
}

TEST_F(CommandRegionsTest, AListingTakesNoSeat) {
    const region small{"small", {.directory = directory(), .seats = 1}};
    EXPECT_EQ(listed("small")[0]["users"].size(), 1u);
}

TEST_F(CommandRegionsTest, ANameThatIsNoTextIsListed) {
    const mutex odd{shop, "\xff\x1b["};
    EXPECT_EQ(listed()[0]["objects"].size(), 1u);
    EXPECT_FALSE(mentions(run({"ls"}).out, "\x1b"));
}

TEST_F(CommandRegionsTest, ADamagedRegionIsListedAsDamaged) {
    {
        const region broken{"broken", {.directory = directory()}};
    }
    std::filesystem::resize_file(directory() + "/regions/broken", 100);
    const outcome ended = run({"ls", "broken"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_TRUE(mentions(ended.out, "damaged: it is too short")) << ended.out;
}

}  // namespace
}  // namespace signet::testing
