// SPDX-License-Identifier: Apache-2.0
// The descriptors of types that are packed, and what is checked of such descriptors.
#include <signet/wire/describe.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/descriptor_codec.hpp>
#include <signet/wire/difference.hpp>

#include <cstdint>

#include <gtest/gtest.h>

namespace robot {
enum class mode : std::uint8_t { off, on };
struct vec {
    float x, y;
};
struct state {
    std::string name;
    std::vector<vec> path;
    std::optional<std::map<std::string, double>> limits;
    std::variant<std::monostate, int, vec, std::string> value;
    std::unordered_map<mode, std::vector<std::byte>> blobs;
    std::array<std::string, 3> words;
    char tag[4];
};
struct reordered {
    std::vector<vec> path;
    std::string name;
};
struct ordered {
    std::string name;
    std::vector<vec> path;
};
struct other {
    std::string name;
    std::vector<std::string> path;
    int more;
};
}  // namespace robot

namespace signet::wire {
namespace {

using lines = std::vector<std::string>;

std::string text_of_field(std::size_t index) {
    const type_descriptor& type = descriptor_of<robot::state>();
    return type_text(type, type.root().fields.at(index).type);
}

template <class T>
type_descriptor travelled() {
    return decode_descriptor(encode(descriptor_of<T>()));
}

const type_info u32{.kind = type_kind::u32, .size = 4, .alignment = 4};
const type_info text{.kind = type_kind::text};

TEST(DescribePacked, AStructIsARecordOfItsFields) {
    const type_info& root = descriptor_of<robot::state>().root();
    EXPECT_EQ(root.kind, type_kind::record);
    EXPECT_EQ(root.name, "robot::state");
    EXPECT_EQ(root.fields.at(1).name, "path");
    EXPECT_FALSE(descriptor_of<robot::state>().has_fixed_size());
}

TEST(DescribePacked, TypesAreSpelledAsTheyAreMadeUp) {
    EXPECT_EQ(text_of_field(0), "text");
    EXPECT_EQ(text_of_field(1), "list<robot::vec>");
    EXPECT_EQ(text_of_field(2), "optional<map<text, f64>>");
    EXPECT_EQ(text_of_field(3), "variant<std::monostate, i32, robot::vec, text>");
    EXPECT_EQ(text_of_field(4), "map<robot::mode, bytes>");
    EXPECT_EQ(text_of_field(5), "text[3]");
    EXPECT_EQ(text_of_field(6), "char[4]");
}

TEST(DescribePacked, TextAndBytesAsWholeMessagesAreTheOnesWithoutParts) {
    EXPECT_EQ(descriptor_of<std::string>(), text_descriptor());
    EXPECT_EQ(descriptor_of<std::vector<std::byte>>(), bytes_descriptor());
    EXPECT_TRUE(text_descriptor().is_opaque());
    EXPECT_FALSE(descriptor_of<robot::state>().is_opaque());
}

TEST(DescribePacked, WhatWasEncodedIsDecodedTheSame) {
    EXPECT_EQ(travelled<robot::state>(), descriptor_of<robot::state>());
    EXPECT_EQ((travelled<std::map<int, robot::state>>()),
              (descriptor_of<std::map<int, robot::state>>()));
    EXPECT_EQ(travelled<std::vector<bool>>().layout_hash(),
              descriptor_of<std::vector<bool>>().layout_hash());
}

TEST(DescribePacked, TheHashKnowsElementsKeysAndNamesOfCodecs) {
    EXPECT_NE(descriptor_of<std::vector<int>>().layout_hash(),
              descriptor_of<std::vector<float>>().layout_hash());
    EXPECT_NE((descriptor_of<std::map<int, int>>().layout_hash()),
              (descriptor_of<std::map<long, int>>().layout_hash()));
    EXPECT_NE(type_descriptor({{.kind = type_kind::foreign, .name = "a"}}).layout_hash(),
              type_descriptor({{.kind = type_kind::foreign, .name = "b"}}).layout_hash());
}

TEST(DescribePacked, PartsOfPackedTypesAreEarlierAndNotStructures) {
    const type_info structure{type_kind::structure, "s", 4, 4, 0, 0, {{"x", 0, 0}}};
    EXPECT_NE(descriptor_flaw({{.kind = type_kind::list, .element = 0}}), "");
    EXPECT_NE(descriptor_flaw({u32, structure, {.kind = type_kind::list, .element = 1}}), "");
    EXPECT_EQ(descriptor_flaw({u32, structure, {.kind = type_kind::list, .element = 0}}), "");
    EXPECT_NE(descriptor_flaw({u32,
                               {type_kind::structure, "s", 4, 4, 0, 0, {{"x", 0, 0}}},
                               {type_kind::array, "", 8, 4, 1, 2, {}},
                               {.kind = type_kind::optional, .element = 2}}),
              "");
}

TEST(DescribePacked, StructuresHoldNothingThatIsPacked) {
    const type_info structure{type_kind::structure, "s", 4, 4, 0, 0, {{"x", 0, 0}}};
    EXPECT_NE(descriptor_flaw({text, structure}), "");
}

TEST(DescribePacked, TextWithPartsAroundItIsNoWholeMessage) {
    EXPECT_NE(descriptor_flaw({u32, text}), "");
    EXPECT_NE(descriptor_flaw({u32, {.kind = type_kind::foreign, .name = "a"}}), "");
    EXPECT_NE(descriptor_flaw({{.kind = type_kind::foreign}}), "");
}

TEST(DescribePacked, WhatCouldNotBeToldApartIsAFlaw) {
    const type_info maybe{.kind = type_kind::optional, .element = 0};
    EXPECT_NE(descriptor_flaw({u32, maybe, {.kind = type_kind::optional, .element = 1}}), "");
    EXPECT_NE(descriptor_flaw({u32, maybe, {.kind = type_kind::map, .element = 0, .key = 1}}), "");
    EXPECT_NE(descriptor_flaw({u32, {.kind = type_kind::variant}}), "");
}

TEST(DescribePacked, AHostileTowerOfVariantsHasAShortText) {
    std::vector<type_info> types{u32};
    for (std::uint32_t i = 0; i < 30; ++i) {
        types.push_back({.kind = type_kind::variant, .fields = {{"", i}, {"", i}, {"", i}}});
    }
    EXPECT_LT(type_descriptor{types}.name().size(), 2 * type_text_bytes_max);
}

TEST(DescribePacked, DifferencesOfRecordsAreToldWithoutOffsets) {
    const type_descriptor& ours = descriptor_of<robot::ordered>();
    EXPECT_EQ(layout_differences(ours, descriptor_of<robot::ordered>()), lines{});
    EXPECT_EQ(layout_differences(ours, descriptor_of<robot::reordered>()),
              lines{"the fields are in another order"});
    EXPECT_EQ(layout_differences(ours, descriptor_of<robot::other>()),
              (lines{"field 'path': ours list<robot::vec>, theirs list<text>",
                     "field 'more' exists only in theirs"}));
}

}  // namespace
}  // namespace signet::wire
