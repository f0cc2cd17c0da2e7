// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_packed.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/dynamic_samples_test.hpp>
#include <signet/wire/json_reader.hpp>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

struct part {
    std::string name;
    std::optional<float> weight;
};
struct sample {
    part first;
    std::vector<part> parts;
    std::map<std::string, int> named;
    std::map<int, std::string> numbered;
    std::variant<std::monostate, int, part> chosen;
    std::vector<std::byte> raw;
    std::vector<std::uint8_t> octets;
    std::vector<char> letters;
    std::array<std::string, 2> words;
    char tag[4];
};

sample make_sample() {
    sample value{};
    value.first = {"a", 0.5f};
    value.parts.push_back({"b", {}});
    value.named = {{"k\n", 1}};
    value.numbered = {{-1, "minus"}, {2, "two"}};
    value.chosen = part{"c", {}};
    value.raw = {std::byte{'f'}};
    value.octets = {1, 2};
    value.letters = {'x', '\0'};
    value.words[1] = "w";
    value.tag[0] = 't';
    return value;
}

const std::string json =
    R"({"first":{"name":"a","weight":0.5},"parts":[{"name":"b","weight":null}],)"
    R"("named":{"k\n":1},"numbered":[[-1,"minus"],[2,"two"]],)"
    R"("chosen":{"signet::wire::part":{"name":"c","weight":null}},"raw":"Zg==","octets":[1,2],)"
    R"("letters":"x\u0000","words":["","w"],"tag":"t"})";

template <class T>
std::string json_of(const T& message, json_style style = json_style::one_line) {
    std::string text;
    append_json(text, descriptor_of<T>(), samples::encoded(message), style);
    return text;
}

template <class T>
T read(std::string_view text) {
    return samples::decoded<T>(parse_json(descriptor_of<T>(), text));
}

template <class T = sample>
std::string complaint(std::string_view text) {
    try {
        parse_json(descriptor_of<T>(), text);
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::incompatible_type);
        return e.advice();
    }
    return "accepted";
}

TEST(JsonPacked, AMessageIsOneLine) {
    EXPECT_EQ(json_of(make_sample()), json);
}

TEST(JsonPacked, WhatIsWrittenIsReadBack) {
    EXPECT_EQ(json_of(read<sample>(json)), json);
    EXPECT_EQ(json_of(read<sample>(json_of(make_sample(), json_style::indented))), json);
    const auto everything = samples::sample_everything();
    EXPECT_EQ(read<samples::everything>(json_of(everything)), everything);
}

TEST(JsonPacked, IndentedHasALineForEachFieldAndEachStruct) {
    EXPECT_EQ(json_of(std::vector<part>{{"a", {}}}, json_style::indented),
              "[\n  {\n    \"name\": \"a\",\n    \"weight\": null\n  }\n]");
    EXPECT_EQ(json_of(std::vector<int>{1, 2}, json_style::indented), "[1, 2]");
}

TEST(JsonPacked, FieldsComeInAnyOrderAndAbsentOnesAreZeroOrNothing) {
    const auto read_back = read<sample>(R"({"words":["x","y"],"first":{"weight":2}})");
    EXPECT_EQ(read_back.words[1], "y");
    EXPECT_EQ(read_back.first.name, "");
    EXPECT_EQ(read_back.first.weight, 2);
    EXPECT_TRUE(read_back.parts.empty());
    EXPECT_EQ(read_back.chosen.index(), 0u);
    EXPECT_EQ(read<samples::everything>("{}"), samples::everything{});
}

TEST(JsonPacked, AlternativesOfOneTypeAreToldApartByTheirPlace) {
    using either = std::variant<int, double, int>;
    EXPECT_EQ(json_of(either{std::in_place_index<2>, 5}), R"({"i32#2":5})");
    EXPECT_EQ(read<either>(R"({"i32#2":5})").index(), 2u);
    EXPECT_EQ(read<either>(R"({"f64":5})").index(), 1u);
}

TEST(JsonPacked, WhatACodecWritesIsBase64) {
    EXPECT_EQ(json_of(samples::image{"ab"}), R"("IWFi")");
    EXPECT_EQ(json_of(std::vector<samples::image>{samples::image{"ab"}}), R"(["IWFi"])");
    EXPECT_EQ(read<samples::image>(R"("IWFi")"), samples::image{"ab"});
}

TEST(JsonPacked, TheFieldAndWhatItExpectsAreNamed) {
    EXPECT_EQ(complaint(R"({"parts":[{"name":1}]})"),
              "field 'parts[0].name' expects text, found '1}]}'");
    EXPECT_EQ(complaint(R"({"chosen":{"x":1}})"),
              "field 'chosen' cannot be 'x'; it is one of 'std::monostate', 'i32', "
              "'signet::wire::part'");
    EXPECT_EQ(complaint(R"({"named":{"a":1,"a":2}})"), "field 'named' has a key twice");
    EXPECT_EQ(complaint(R"({"words":["a"]})"), "field 'words' is text[2]; there are 1 elements");
    EXPECT_EQ(complaint(R"({"first":null})"), "field 'first' expects '{', found 'null}'");
    EXPECT_EQ(complaint(R"({"tag":"abcde"})"), "field 'tag' is char[4]; the text has 5 bytes");
}

TEST(JsonPacked, AMessageThatIsNotOfItsTypeIsRefused) {
    std::string out;
    const auto bytes = samples::bytes_of({0x92, 0xa1, 'a', 0xa1, 'b'});
    try {
        append_json(out, descriptor_of<part>(), bytes);
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::peer_misbehaved);
        EXPECT_EQ(e.advice(), "field 'weight' is not a number");
    }
}

TEST(JsonPacked, AHostileTypeCannotMakeAMessageOfAnySize) {
    std::vector<type_info> types{{.kind = type_kind::text}};
    for (std::uint32_t i = 0; i < 30; ++i) {
        types.push_back({.kind = type_kind::array, .element = i, .count = packed_count_max});
    }
    types.push_back({.kind = type_kind::record, .fields = {{"a", 30}}});
    EXPECT_THROW(parse_json(type_descriptor{types}, "{}"), error);
}

}  // namespace
}  // namespace signet::wire
