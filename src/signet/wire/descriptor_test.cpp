// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/descriptor.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/describe.hpp>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

namespace first {
enum class mode : unsigned char {};
struct sample {
    int a;
    mode b;
};
}  // namespace first
namespace second {
struct same_layout {
    int a;
    unsigned char b;
};
struct other_name {
    int a;
    unsigned char c;
};
struct other_kind {
    unsigned a;
    unsigned char b;
};
struct alignas(8) other_alignment {
    int a;
    unsigned char b;
};
}  // namespace second

const type_info f64{.kind = type_kind::f64, .size = 8, .alignment = 8};

type_info structure(std::vector<field_info> fields) {
    return {.kind = type_kind::structure,
            .name = "s",
            .size = 16,
            .alignment = 8,
            .fields = std::move(fields)};
}

template <class T>
std::uint64_t hash() {
    return descriptor_of<T>().layout_hash();
}

TEST(Descriptor, TheHashTellsLayoutsApart) {
    EXPECT_NE(hash<first::sample>(), hash<second::other_name>());
    EXPECT_NE(hash<first::sample>(), hash<second::other_kind>());
    EXPECT_NE(hash<first::sample>(), hash<second::other_alignment>());
}

TEST(Descriptor, TheHashIgnoresNamesOfTypesAndKnowsEnumerationsAsIntegers) {
    EXPECT_EQ(hash<first::sample>(), hash<second::same_layout>());
}

TEST(Descriptor, TheHashIsTheSameInEveryBuild) {
    EXPECT_EQ(hash<double>(), 1986482820683579608u);
    EXPECT_EQ(hash<first::sample>(), 4720223706972207613u);
}

TEST(Descriptor, TextAndBytesHaveNoFixedSize) {
    EXPECT_FALSE(text_descriptor().has_fixed_size());
    EXPECT_EQ(text_descriptor().name(), "text");
    EXPECT_EQ(bytes_descriptor().name(), "bytes");
    EXPECT_NE(text_descriptor().layout_hash(), bytes_descriptor().layout_hash());
}

TEST(Descriptor, FieldsInsideOfTheirStructureAreFlawless) {
    EXPECT_EQ(descriptor_flaw({f64, structure({{"x", 0, 0}, {"y", 0, 8}})}), "");
    EXPECT_EQ(descriptor_flaw({f64, structure({{"x", 0, 4}})}), "");
}

TEST(Descriptor, FieldsThatOverlapOrStickOutAreAFlaw) {
    for (const std::uint64_t offset : {0u, 7u, 9u, 16u}) {
        EXPECT_NE(descriptor_flaw({f64, structure({{"x", 0, 0}, {"y", 0, offset}})}), "");
    }
    EXPECT_NE(descriptor_flaw({f64, structure({{"x", 0, ~std::uint64_t{0}}})}), "");
}

TEST(Descriptor, ATypeMadeOfItselfOrOfALaterOneIsAFlaw) {
    EXPECT_NE(descriptor_flaw({f64, structure({{"x", 1, 0}})}), "");
    EXPECT_NE(descriptor_flaw({f64, structure({{"x", 2, 0}}), f64}), "");
    EXPECT_NE(descriptor_flaw({{.kind = type_kind::array, .size = 8, .count = 1}}), "");
}

TEST(Descriptor, NamesThatGarbleATerminalAreAFlaw) {
    EXPECT_NE(descriptor_flaw({f64, structure({{"x\x1b[2J", 0, 0}})}), "");
    EXPECT_NE(descriptor_flaw({f64, structure({{"x\ny", 0, 0}})}), "");
    EXPECT_NE(descriptor_flaw({f64, structure({{"", 0, 0}})}), "");
    EXPECT_NE(descriptor_flaw({f64, structure({{"x", 0, 0}, {"x", 0, 8}})}), "");
}

TEST(Descriptor, ATowerOfTypesIsAFlawWhereItIsTooHigh) {
    std::vector<type_info> types{f64};
    while (types.size() < type_depth_max) {
        const auto element = static_cast<std::uint32_t>(types.size() - 1);
        types.push_back({type_kind::array, "", 8, 8, element, 1, {}});
    }
    EXPECT_EQ(descriptor_flaw(types), "");
    types.push_back({type_kind::array, "", 8, 8, type_depth_max - 1, 1, {}});
    EXPECT_NE(descriptor_flaw(types), "");
}

TEST(Descriptor, AnArrayCannotBeLargerThanTheLimit) {
    const std::uint64_t half = std::uint64_t{1} << 61;
    EXPECT_NE(descriptor_flaw({f64, {type_kind::array, "", half * 8, 8, 0, half, {}}}), "");
}

TEST(Descriptor, TextCannotBeAPartOfAnything) {
    EXPECT_NE(descriptor_flaw({{.kind = type_kind::text}, structure({{"x", 0, 0}})}), "");
}

TEST(Descriptor, AFlawedListOfTypesIsRefused) {
    EXPECT_THROW(type_descriptor{std::vector<type_info>{}}, contract_violation);
}

}  // namespace
}  // namespace signet::wire
