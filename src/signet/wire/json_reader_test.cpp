// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_reader.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/describe.hpp>
#include <signet/wire/json.hpp>

#include <cstdint>
#include <cstring>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

enum class mode : std::int8_t { reverse = -1 };
struct vec {
    float x, y;
};
struct sample {
    std::int64_t least;
    std::uint64_t most;
    double real;
    vec trail[2];
    char name[4];
    mode state;
    bool ready;
    std::uint8_t raw;
};

template <class T>
T read(std::string_view json) {
    const std::vector<std::byte> bytes = parse_json(descriptor_of<T>(), json);
    T value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

template <class T = sample>
std::string complaint(std::string_view json) {
    try {
        parse_json(descriptor_of<T>(), json);
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::incompatible_type);
        return e.advice();
    }
    return "accepted";
}

TEST(JsonReader, WhatIsWrittenIsReadBack) {
    const std::string json =
        R"({"least":-9223372036854775808,"most":18446744073709551615,"real":0.1,)"
        R"("trail":[{"x":1,"y":2},{"x":0.1,"y":"-inf"}],"name":"a\"\n",)"
        R"("state":-1,"ready":true,"raw":200})";
    std::string again;
    append_json(again, descriptor_of<sample>(), parse_json(descriptor_of<sample>(), json));
    EXPECT_EQ(again, json);
}

TEST(JsonReader, FieldsComeInAnyOrderAndAbsentOnesAreZero) {
    const auto value = read<sample>(" { \"raw\" : 7 , \"real\" : -2.5e1 } ");
    EXPECT_EQ(value.raw, 7);
    EXPECT_EQ(value.real, -25);
    EXPECT_EQ(value.most, 0u);
    EXPECT_EQ(read<sample>("{}").name[0], '\0');
}

TEST(JsonReader, EscapesAndSurrogatesBecomeUtf8) {
    EXPECT_EQ((read<std::array<char, 4>>(R"("\u00e9\u0041")")),
              (std::array<char, 4>{'\xc3', '\xa9', 'A', '\0'}));
    EXPECT_EQ((read<std::array<char, 4>>(R"("\ud83d\ude00")")),
              (std::array<char, 4>{'\xf0', '\x9f', '\x98', '\x80'}));
    EXPECT_NE((complaint<std::array<char, 4>>(R"("\ud83d")")), "accepted");
    EXPECT_NE((complaint<std::array<char, 4>>(R"("\ude00")")), "accepted");
}

TEST(JsonReader, TextAndBytesOfAnyLengthAreRead) {
    EXPECT_EQ(parse_json(text_descriptor(), R"("hi")").size(), 2u);
    EXPECT_EQ(parse_json(bytes_descriptor(), R"("Zm9vYg==")").size(), 4u);
    EXPECT_THROW(parse_json(bytes_descriptor(), R"("Zg")"), error);
}

TEST(JsonReader, TheFieldAndWhatItExpectsAreNamed) {
    EXPECT_EQ(complaint(R"({"trail":[{"x":1},{"y":true}]})"),
              "field 'trail[1].y' expects f32, found 'true}]}'");
    EXPECT_EQ(complaint(R"({"raw":256})"), "field 'raw' expects u8, found '256}'");
    EXPECT_EQ(complaint(R"({"raw":-1})"), "field 'raw' expects u8, found '-1}'");
    EXPECT_EQ(complaint(R"({"raw":1.5})"), "field 'raw' expects u8, found '1.5}'");
    EXPECT_EQ(complaint(R"({"ready":1})"), "field 'ready' expects true or false, found '1}'");
    EXPECT_EQ(complaint(R"({"real":)"), "field 'real' expects f64, found the end");
}

TEST(JsonReader, AnUnknownFieldIsToldWithThoseThereAre) {
    EXPECT_EQ(complaint<vec>(R"({"z":1})"), "it has no field 'z'; it has 'x', 'y'");
    EXPECT_EQ(complaint<vec>(R"({"x":1,"x":2})"), "field 'x' comes twice");
}

TEST(JsonReader, AnArrayHasAllOfItsElements) {
    EXPECT_EQ((complaint<std::array<int, 3>>("[1,2]")), "field '[2]' expects ',', found ']'");
    EXPECT_EQ((complaint<std::array<int, 2>>("[1,2,3]")),
              "it expects 2 elements and ']', found ',3]'");
}

TEST(JsonReader, TextTooLongForItsArrayIsRefused) {
    EXPECT_EQ(complaint(R"({"name":"abcde"})"), "field 'name' is char[4]; the text has 5 bytes");
}

TEST(JsonReader, WhatIsNotJsonIsRefused) {
    for (const char* json :
         {"", "{", "{,}", "{\"x\"}", "{\"x\":1,}", "[]", "{} {}", "\"", "{\"x\":nan}",
          "{\"x\":\"\\q\"}", "{\"x\":\"\\u12\"}", "{\"x\":\"\xff\"}", "null"}) {
        EXPECT_NE(complaint<vec>(json), "accepted") << json;
    }
}

TEST(JsonReader, AMessageTooLargeToMakeRoomForIsRefused) {
    const type_info byte{.kind = type_kind::u8, .size = 1, .alignment = 1};
    const type_info huge{type_kind::array, "", type_bytes_max, 1, 0, type_bytes_max, {}};
    EXPECT_THROW(parse_json(type_descriptor{{byte, huge}}, "[]"), error);
}

}  // namespace
}  // namespace signet::wire
