// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/difference.hpp>

#include <signet/wire/describe.hpp>

#include <cstdint>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

using lines = std::vector<std::string>;

enum class mode : std::uint8_t {};

namespace ours {
struct vec {
    float x, y;
};
struct pose {
    vec place;
    vec trail[2];
    double speed;
};
struct pair {
    int a, b, c;
};
struct state {
    mode now;
};
}  // namespace ours
namespace theirs {
struct vec {
    float x;
    std::int32_t y;
};
struct pose {
    vec place;
    vec trail[2];
    double velocity;
};
struct pair {
    int b, a, c;
};
struct longer_pair {
    int a, b;
    std::int16_t c;
    int d;
};
struct state {
    std::uint8_t now;
};
struct wide_state {
    std::uint16_t now;
};
struct alignas(64) aligned_pair {
    int a, b, c;
};
}  // namespace theirs

template <class Ours, class Theirs>
lines differences() {
    return layout_differences(descriptor_of<Ours>(), descriptor_of<Theirs>());
}

TEST(Difference, TheSameLayoutHasNone) {
    EXPECT_EQ((differences<ours::pose, ours::pose>()), lines{});
    EXPECT_EQ((differences<ours::state, theirs::state>()), lines{});
    EXPECT_EQ(layout_differences(text_descriptor(), text_descriptor()), lines{});
}

TEST(Difference, NestedFieldsAreToldByTheirPath) {
    EXPECT_EQ((differences<ours::pose, theirs::pose>()),
              (lines{"field 'place.y': ours f32 at offset 4, theirs i32 at offset 4",
                     "field 'trail[].y': ours f32 at offset 12, theirs i32 at offset 12",
                     "field 'speed' is called 'velocity' in theirs"}));
}

TEST(Difference, SwappedFieldsAreToldOnce) {
    EXPECT_EQ((differences<ours::pair, theirs::pair>()), lines{"fields 'a' and 'b' are swapped"});
}

TEST(Difference, AddedFieldsAndSizesAreTold) {
    EXPECT_EQ((differences<ours::pair, theirs::longer_pair>()),
              (lines{"size: ours 12 bytes, theirs 16 bytes",
                     "field 'c': ours i32 at offset 8, theirs i16 at offset 8",
                     "field 'd' exists only in theirs"}));
    EXPECT_EQ((differences<theirs::longer_pair, ours::pair>().back()),
              "field 'd' exists only in ours");
}

TEST(Difference, AnEnumerationIsToldWithItsInteger) {
    EXPECT_EQ((differences<ours::state, theirs::wide_state>().at(1)),
              "field 'now': ours signet::wire::mode (u8) at offset 0, theirs u16 at offset 0");
}

TEST(Difference, AlignmentOfTheWholeMessageMatters) {
    EXPECT_EQ((differences<ours::pair, theirs::aligned_pair>()),
              (lines{"size: ours 12 bytes, theirs 64 bytes", "alignment: ours 4, theirs 64"}));
}

TEST(Difference, DifferentKindsOfMessageAreNamed) {
    EXPECT_EQ(layout_differences(descriptor_of<double>(), text_descriptor()).at(0),
              "ours is f64, theirs is text");
}

TEST(Difference, AHostileTowerOfTypesEndsAtTheLimit) {
    const auto tower = [](type_kind kind) {
        std::vector<type_info> types{{.kind = kind, .size = 4, .alignment = 4}};
        for (std::uint32_t i = 0; i < 30; ++i) {
            const std::uint64_t half = types.back().size;
            types.push_back(
                {type_kind::structure, "", 2 * half, 4, 0, 0, {{"a", i, 0}, {"b", i, half}}});
        }
        return type_descriptor{types};
    };
    EXPECT_EQ(layout_differences(tower(type_kind::f32), tower(type_kind::i32)).size(),
              differences_max);
    EXPECT_EQ(layout_differences(tower(type_kind::f32), tower(type_kind::f32)), lines{});
}

}  // namespace
}  // namespace signet::wire
