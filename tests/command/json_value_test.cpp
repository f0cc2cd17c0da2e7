// SPDX-License-Identifier: Apache-2.0
#include "json_value.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace signet::command {
namespace {

TEST(JsonValueTest, PairsThatBeginWithTextAreAnObjectInTheirOrder) {
    const json_value object{{"z", 1}, {"a", "text"}, {"none", nullptr}, {"yes", true}};
    EXPECT_EQ(object.dump(), R"({"z":1,"a":"text","none":null,"yes":true})");
}

TEST(JsonValueTest, OtherPartsAreAnArray) {
    EXPECT_EQ((json_value{{"a", 1}, 2}).dump(), R"([["a",1],2])");
    EXPECT_EQ(json_value::array().dump(), "[]");
}

TEST(JsonValueTest, NumbersAreExact) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    EXPECT_EQ(json_value(most).dump(), "18446744073709551615");
    EXPECT_EQ(json_value(least).dump(), "-9223372036854775808");
    EXPECT_EQ(json_value(0.1).dump(), "0.1");
    EXPECT_EQ(json_value(2.0).dump(), "2.0");
}

TEST(JsonValueTest, AMemberIsAddedOnceAndThenReplaced) {
    json_value object;
    object["a"] = 1;
    object["b"] = {{"inner", std::vector<std::string>{"x", "y"}}};
    object["a"] = 2;
    EXPECT_EQ(object.dump(), R"({"a":2,"b":{"inner":["x","y"]}})");
}

TEST(JsonValueTest, AnUpdateReplacesWhatBothHaveAndAddsTheRest) {
    json_value object{{"a", 1}, {"b", 2}};
    object.update({{"b", 3}, {"c", 4}});
    EXPECT_EQ(object.dump(), R"({"a":1,"b":3,"c":4})");
}

TEST(JsonValueTest, BytesThatAreNotUtf8AreReplaced) {
    EXPECT_EQ(json_value("a\xff").dump(), "\"a\xef\xbf\xbd\"");
}

TEST(JsonValueTest, AnIndentPutsEachMemberOnALine) {
    EXPECT_EQ((json_value{{"a", 1}}).dump(2), "{\n  \"a\": 1\n}");
}

}  // namespace
}  // namespace signet::command
