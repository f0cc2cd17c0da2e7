// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/describe.hpp>

#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

namespace robot {
enum class mode : std::uint16_t { off, on };
template <class Number, int Size>
struct vec {
    Number at[Size];
};
struct pose {
    double x;
    vec<float, 3> angles[2];
    char name[5];
    mode state;
    std::byte raw;
    bool ready;
    std::array<std::array<long long, 2>, 3> grid;
};
struct alignas(64) line {
    int value;
};
}  // namespace robot

namespace signet::wire {
namespace {

const field_info& field(std::size_t index) {
    return descriptor_of<robot::pose>().root().fields.at(index);
}

std::string text_of_field(std::size_t index) {
    return type_text(descriptor_of<robot::pose>(), field(index).type);
}

TEST(Describe, AStructHasTheNameSizeAndAlignmentOfTheCompiler) {
    const type_descriptor& descriptor = descriptor_of<robot::pose>();
    EXPECT_EQ(descriptor.name(), "robot::pose");
    EXPECT_EQ(descriptor.size(), sizeof(robot::pose));
    EXPECT_EQ(descriptor.alignment(), alignof(robot::pose));
    EXPECT_EQ(descriptor_of<robot::line>().alignment(), 64u);
}

TEST(Describe, FieldsHaveTheirNamesAndOffsets) {
    EXPECT_EQ(field(0), (field_info{"x", field(0).type, 0}));
    EXPECT_EQ(field(1), (field_info{"angles", field(1).type, offsetof(robot::pose, angles)}));
    EXPECT_EQ(field(3), (field_info{"state", field(3).type, offsetof(robot::pose, state)}));
    EXPECT_EQ(field(6), (field_info{"grid", field(6).type, offsetof(robot::pose, grid)}));
}

TEST(Describe, TypesAreSpelledTheSameWhicheverCompilerBuiltThem) {
    EXPECT_EQ(text_of_field(0), "f64");
    EXPECT_EQ(text_of_field(1), "robot::vec<float, 3>[2]");
    EXPECT_EQ(text_of_field(2), "char[5]");
    EXPECT_EQ(text_of_field(3), "robot::mode");
    EXPECT_EQ(text_of_field(4), "u8");
    EXPECT_EQ(text_of_field(5), "bool");
    EXPECT_EQ(text_of_field(6), "i64[3][2]");
}

TEST(Describe, AnEnumerationKnowsItsInteger) {
    const type_descriptor& descriptor = descriptor_of<robot::mode>();
    EXPECT_EQ(descriptor.root().kind, type_kind::enumeration);
    EXPECT_EQ(descriptor.type(descriptor.root().element).kind, type_kind::u16);
}

TEST(Describe, ScalarsAndArraysMayBeWholeMessages) {
    EXPECT_EQ(descriptor_of<std::uint8_t>().name(), "u8");
    EXPECT_EQ(descriptor_of<long>().name(), "i64");
    EXPECT_EQ((descriptor_of<std::array<float, 3>>().name()), "f32[3]");
}

TEST(Describe, UnnamedNamespacesAndFunctionsAreLeftOutOfNames) {
    struct local {
        int value;
    };
    EXPECT_EQ(descriptor_of<local>().name(), "local");
    EXPECT_EQ((descriptor_of<robot::vec<unsigned long, 1>>().name()),
              "robot::vec<unsigned long, 1>");
}

TEST(Describe, TheDescriptorIsBuiltOnce) {
    EXPECT_EQ(&descriptor_of<robot::pose>(), &descriptor_of<robot::pose>());
}

}  // namespace
}  // namespace signet::wire
