// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_untyped.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/text_bytes.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/mutator_test.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

using namespace std::string_view_literals;
using testing::bytes_of;

std::string printed(std::span<const std::byte> value) {
    std::string text;
    append_untyped_json(text, value);
    return text;
}

/// There and back.
std::string mirrored(std::string_view json) {
    const auto value = parse_untyped_json(json);
    return value ? printed(*value) : "no JSON";
}

template <class T>
std::string printed_value(const T& value) {
    std::vector<std::byte> bytes;
    append_value(bytes, value);
    return printed(bytes);
}

template <class T>
T read_value(std::string_view json) {
    const auto bytes = parse_untyped_json(json);
    value_reader from{*bytes, 1};
    T value{};
    EXPECT_TRUE(from.take(value) && from.at_end()) << json << from.complaint();
    return value;
}

TEST(JsonUntyped, ReadsBackWhatItWrites) {
    for (const std::string_view json : {"null",
                                        "true",
                                        "false",
                                        "0",
                                        "-1",
                                        "127",
                                        "128",
                                        "-32",
                                        "-33",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "18446744073709551615",
                                        "1.5",
                                        "-2.5e-07",
                                        "1e+300",
                                        "\"\"",
                                        "\"a\\\"\\\\\\n\xc3\xa9\"",
                                        "[]",
                                        "{}",
                                        "[1,[2,[3]],{}]",
                                        "{\"a\":{\"b\":[{}]},\"c\":null}"}) {
        EXPECT_EQ(mirrored(json), json);
    }
}

TEST(JsonUntyped, MeansTheSameHoweverItIsSpelled) {
    EXPECT_EQ(mirrored(" [ 1 , 2 ]\r\n"), "[1,2]");
    EXPECT_EQ(mirrored("\"\\u0041\\ud83d\\ude00\\/\""), "\"A\xf0\x9f\x98\x80/\"");
    EXPECT_EQ(mirrored("1e2"), "100");
    EXPECT_EQ(mirrored("18446744073709551617"), "18446744073709551616");
    EXPECT_EQ(mirrored("{\"a\":1,\"a\":2}"), "{\"a\":1,\"a\":2}");
}

TEST(JsonUntyped, IsReadAsTheTypeThatIsWanted) {
    EXPECT_EQ(read_value<std::uint8_t>("255"), 255);
    EXPECT_EQ(read_value<std::int64_t>("-5"), -5);
    EXPECT_EQ(read_value<double>("2"), 2.0);
    EXPECT_EQ(read_value<std::string>("\"x\""), "x");
    EXPECT_EQ((read_value<std::map<std::string, int>>("{\"a\":1,\"b\":2}").size()), 2u);
    EXPECT_EQ((read_value<std::vector<std::optional<int>>>("[1,null]").size()), 2u);
}

TEST(JsonUntyped, RefusesWhatIsNoJson) {
    for (const std::string_view text :
         {"",         "[",           "]",          "[1,]",   "[,1]",      "[1 2]",
          "{\"a\"}",  "{\"a\":}",    "{\"a\":1,}", "{1:2}",  "tru",       "nullx",
          "01",       "-",           "+1",         ".5",     "1.",        "1e",
          "1e999",    "0x10",        "NaN",        "'a'",    "\"",        "\"\\q\"",
          "[\"\\q5]", "\"\\ud800\"", "\"\x80\"",   "\"\n\"", "{\"a\":1]", "1 1"}) {
        EXPECT_EQ(parse_untyped_json(text), std::nullopt) << text;
    }
}

TEST(JsonUntyped, PrintsWhatJsonHasNoNumbersFor) {
    EXPECT_EQ(printed_value(std::numeric_limits<double>::infinity()), "\"inf\"");
    EXPECT_EQ(printed_value(std::numeric_limits<float>::quiet_NaN()), "\"nan\"");
    EXPECT_EQ(printed_value(0.1f), "0.1");
}

TEST(JsonUntyped, PrintsWhatWasNeverJson) {
    EXPECT_EQ(printed_value(std::vector<std::byte>{std::byte{'f'}}), "\"Zg==\"");
    EXPECT_EQ(printed_value(std::map<int, std::string>{{1, "a"}, {2, "b"}}),
              "[[1,\"a\"],[2,\"b\"]]");
    EXPECT_EQ(printed_value(std::string{"\x80"}), "\"\xef\xbf\xbd\"");
    EXPECT_EQ(printed(bytes_of("\xd4\x05\x07"sv)), R"({"ext":5,"data":"Bw=="})");
    EXPECT_EQ(printed(bytes_of("\xc7\x02\xff\x07\x08"sv)), R"({"ext":-1,"data":"Bwg="})");
}

TEST(JsonUntyped, IsIndentedForPeople) {
    std::string out;
    append_untyped_json(out, *parse_untyped_json(R"({"a":[1,2],"b":{}})"), json_style::indented);
    EXPECT_EQ(out, "{\n  \"a\": [1, 2],\n  \"b\": {}\n}");
}

TEST(JsonUntyped, ShowsOrRefusesBytesOfAnyKind) {
    const std::vector<std::byte> sample =
        *parse_untyped_json(R"({"a":[1,-2,2.5,"text"],"b":{"c":null}})");
    mutator change{1};
    for (int i = 0; i < 10'000; ++i) {
        const std::vector<std::byte> tampered = change.mutate(sample);
        try {
            EXPECT_TRUE(parse_untyped_json(printed(tampered)));
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::incompatible_type);
        }
    }
}

TEST(JsonUntyped, RefusesWhatJsonHasNoPlaceFor) {
    for (const std::string_view bytes :
         {"", "\xc7\x05\x53x", "\x92\x01", "\xa5x", "\x82\xa1x\x01\x02\x03", "\x01\x02"}) {
        EXPECT_THROW(printed(std::as_bytes(std::span{bytes})), error);
    }
}

TEST(JsonUntyped, GoesAsDeepAsItIsAsked) {
    const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
    EXPECT_EQ(mirrored(deep), deep);
}

}  // namespace
}  // namespace signet::wire
