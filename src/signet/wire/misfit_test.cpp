// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/misfit.hpp>

#include <signet/wire/describe.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace signet::wire {
namespace {

using lines = std::vector<std::string>;

namespace before {
struct pose {
    double x, y;
    std::string name;
};
struct robot {
    int id;
    std::vector<pose> path;
};
}  // namespace before
namespace after {
struct pose {
    double x, y;
    std::string name;
    std::optional<double> speed;
};
struct robot {
    int id;
    std::vector<pose> path;
};
struct other_pose {
    double x;
    std::string y;
    std::string name;
    std::int64_t stamp;
};
struct turned_pose {
    double y, x;
    std::string name;
};
struct renamed_pose {
    double x, y;
    std::string label;
};
}  // namespace after

template <class Written, class Expected>
lines between() {
    return misfits(packed_descriptor_of<Written>(), packed_descriptor_of<Expected>());
}

TEST(Misfits, AreNoneWhereAnOptionalFieldWasAddedAtTheEnd) {
    EXPECT_EQ((between<before::pose, after::pose>()), lines{});
    EXPECT_EQ((between<after::pose, before::pose>()), lines{});
    EXPECT_EQ((between<before::robot, after::robot>()), lines{});
    EXPECT_EQ((between<before::pose, after::renamed_pose>()), lines{});
}

TEST(Misfits, NameTheFields) {
    EXPECT_EQ((between<before::pose, after::other_pose>()),
              (lines{"field 'y' is f64, and text is expected",
                     "field 'stamp' (i64) is missing, and is not optional"}));
    EXPECT_EQ((between<before::pose, after::turned_pose>()),
              (lines{"field 'x' stands where 'y' is expected",
                     "field 'y' stands where 'x' is expected"}));
}

TEST(Misfits, AreNoneOfNumbersThatHoldTheOthers) {
    EXPECT_EQ((between<int, double>()), lines{});
    EXPECT_EQ((between<std::uint32_t, std::int64_t>()), lines{});
    EXPECT_EQ((between<double, float>()), lines{});
    EXPECT_EQ((between<std::int64_t, int>()),
              lines{"it is i64, and i32 does not hold all of its values"});
    EXPECT_EQ((between<int, std::uint64_t>()),
              lines{"it is i32, and u64 does not hold all of its values"});
    EXPECT_EQ((between<double, int>()), lines{"it is f64, and i32 is expected"});
    EXPECT_EQ((between<bool, int>()), lines{"it is bool, and i32 is expected"});
}

TEST(Misfits, AreFoundInsideOfContainers) {
    EXPECT_EQ((between<std::vector<double>, std::vector<int>>()),
              lines{"field '[]' is f64, and i32 is expected"});
    EXPECT_EQ((between<std::map<std::string, int>, std::map<int, int>>()),
              lines{"field '[]' is text, and i32 is expected"});
    EXPECT_EQ((between<std::array<int, 3>, std::array<int, 4>>()),
              lines{"it is i32[3], and i32[4] is expected"});
    EXPECT_EQ((between<int, std::optional<int>>()), lines{});
    EXPECT_EQ((between<std::optional<int>, int>()),
              lines{"it may be nothing, and i32 is expected"});
    EXPECT_EQ((between<std::variant<int, std::string>, std::variant<int>>()),
              lines{"it may be text, which is not expected"});
}

TEST(Misfits, AreNoneOfNamesAndValuesForARecord) {
    EXPECT_EQ((between<std::map<std::string, double>, before::pose>()), lines{});
    EXPECT_EQ((between<before::pose, std::map<std::string, double>>()).size(), 1u);
}

template <class... Args>
method_signature taking() {
    method_signature made;
    (made.parameters.push_back({.type = packed_descriptor_of<Args>().name(),
                                .optional = false,
                                .layout = packed_descriptor_of<Args>()}),
     ...);
    return made;
}

TEST(Misfits, OfArgumentsAreCountedToo) {
    EXPECT_EQ((argument_misfits(taking<int, int>(), taking<int, int>())), lines{});
    EXPECT_EQ((argument_misfits(taking<int, int>(), taking<std::string>())),
              (lines{"argument 1: it is i32, and text is expected", "argument 2: it takes 1"}));
    EXPECT_EQ((argument_misfits(taking<int>(), taking<int, int>())),
              lines{"argument 2 (i32) is missing, and is not optional"});
}

TEST(Misfits, AreBoundedHoweverManyTypesTheOtherEndHas) {
    std::vector<type_info> ours{scalar(type_kind::i32)};
    std::vector<type_info> theirs{scalar(type_kind::f64)};
    for (std::uint32_t i = 0; i + 1 < type_depth_max; ++i) {  // each twice what the one before is
        const type_info twice{.kind = type_kind::record,
                              .fields = {{.name = "a", .type = i}, {.name = "b", .type = i}}};
        ours.push_back(twice);
        theirs.push_back(twice);
    }
    EXPECT_EQ(misfits(type_descriptor{theirs}, type_descriptor{ours}).size(), misfits_max);
    EXPECT_EQ(misfits(type_descriptor{ours}, type_descriptor{theirs}).size(), 0u);
}

}  // namespace
}  // namespace signet::wire
