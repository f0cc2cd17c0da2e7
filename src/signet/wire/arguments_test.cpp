// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/arguments.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

struct order {
    std::string item;
    int count;
};
struct order_later {
    std::string item;
    int count;
    std::optional<std::string> note;
};
struct grown {
    std::string item;
    int count;
    int weight;
};

template <class... Args>
std::vector<std::byte> packed(const Args&... args) {
    std::vector<std::byte> bytes;
    append_values(bytes, args...);
    return bytes;
}

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span{text});
    return {bytes.begin(), bytes.end()};
}

TEST(Arguments, AreReadInTheirOrder) {
    const auto bytes = packed(2, "text", 1.5, order{"nail", 7});
    value_reader from{bytes, 4};
    int number = 0;
    std::string_view text;
    double real = 0;
    order what;
    EXPECT_TRUE(from.take(number) && from.take(text) && from.take(real) && from.take(what));
    EXPECT_TRUE(from.at_end());
    EXPECT_EQ(number, 2);
    EXPECT_EQ(text, "text");
    EXPECT_EQ(what.item, "nail");
}

TEST(Arguments, OfAnOldVersionLackWhatIsOptional) {
    const auto bytes = packed(order{"nail", 7});
    value_reader from{bytes, 1};
    order_later what{"", 0, "left over"};
    EXPECT_TRUE(from.take(what));
    EXPECT_EQ(what.count, 7);
    EXPECT_FALSE(what.note);
}

TEST(Arguments, OfANewVersionMayHaveMoreAtTheirEnd) {
    const auto bytes = packed(order_later{"nail", 7, "rusty"}, 5);
    value_reader from{bytes, 2};
    order what;
    int next = 0;
    EXPECT_TRUE(from.take(what) && from.take(next));
    EXPECT_EQ(what.item, "nail");
    EXPECT_EQ(next, 5);
}

TEST(Arguments, ThatLackWhatIsNotOptionalAreRefusedByName) {
    const auto bytes = packed(order{"nail", 7});
    value_reader from{bytes, 1};
    grown what;
    EXPECT_FALSE(from.take(what));
    EXPECT_EQ(from.complaint(), "field 'weight' is missing, and is not optional");
}

TEST(Arguments, MayNameTheirFieldsInAnyOrder) {
    // {"note": "x", "count": 3, "colour": [1], "item": "nail"}
    const auto bytes = bytes_of(
        "\x84\xa4note\xa1x\xa5"
        "count\x03\xa6"
        "colour\x91\x01\xa4item\xa4nail");
    value_reader from{bytes, 1};
    order_later what;
    EXPECT_TRUE(from.take(what)) << from.complaint();
    EXPECT_EQ(what.item, "nail");
    EXPECT_EQ(what.count, 3);
    EXPECT_EQ(what.note, "x");
}

TEST(Arguments, ThatNameFieldsMustNameWhatIsNotOptional) {
    const auto bytes = bytes_of("\x81\xa4item\xa4nail");
    value_reader from{bytes, 1};
    order what;
    EXPECT_FALSE(from.take(what));
    EXPECT_EQ(from.complaint(), "field 'count' is missing, and is not optional");
}

TEST(Arguments, AtTheEndMayBeLeftOutWhereTheyAreOptional) {
    value_reader from{{}, 0};
    std::optional<int> maybe = 5;
    int must = 0;
    EXPECT_TRUE(from.take(maybe));
    EXPECT_FALSE(maybe);
    EXPECT_FALSE(from.take(must));
    EXPECT_EQ(from.complaint(), "it is missing");
}

TEST(Arguments, AreWhatCanTravelAndViewsOfText) {
    EXPECT_TRUE(passable<int> && passable<std::string_view> && passable<order>);
    EXPECT_FALSE(passable<int*>);
}

}  // namespace
}  // namespace signet::wire
