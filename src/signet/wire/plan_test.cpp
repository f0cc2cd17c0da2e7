// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/plan.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/dynamic_samples_test.hpp>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

using lines = std::vector<std::string>;

namespace first {
struct vec {
    float x, y;
};
struct state {
    std::string name;
    vec place;
    int speed;
    std::vector<vec> path;
};
struct box {
    std::string text;
    std::variant<int, state> inner;
    std::map<std::string, state> states;
    std::optional<state> maybe;
    state rows[2];
};
struct frozen {
    int a;
};
}  // namespace first
namespace second {
struct vec {
    float y, x;
    std::optional<float> z;
};
struct state {
    int speed;
    std::vector<vec> path;
    std::optional<std::vector<std::string>> notes = std::vector<std::string>{"a default"};
    vec place;
    std::string name;
};
struct box {
    std::variant<int, state, std::string> inner;
    std::optional<state> maybe;
    std::string text;
    state rows[2];
    std::map<std::string, state> states;
};
struct strict {
    std::string name;
    vec place;
    int speed;
    std::vector<vec> path;
    int more;
};
struct other {
    std::string name;
    std::vector<int> place;
    unsigned speed;
    std::vector<std::optional<vec>> path;
};
struct frozen {
    int a;
    std::string b;
};
}  // namespace second

template <class Ours, class Theirs>
lines obstacles() {
    return reading_obstacles(descriptor_of<Ours>(), descriptor_of<Theirs>());
}

template <class Ours, class Theirs>
Ours read_as(const Theirs& message) {
    const reading_plan plan = plan_reading(descriptor_of<Ours>(), descriptor_of<Theirs>());
    return payload_of<Ours>::decode(samples::encoded(message), plan);
}

const first::state old_state{"name", {1, 2}, 3, {{4, 5}, {6, 7}}};

void expect_old_values(const auto& state) {
    EXPECT_EQ(state.name, "name");
    EXPECT_EQ(state.speed, 3);
    EXPECT_EQ(state.place.y, 2);
    ASSERT_EQ(state.path.size(), 2u);
    EXPECT_EQ(state.path[1].x, 6);
}

TEST(Plan, TheSameTypeIsReadDirectly) {
    EXPECT_EQ((obstacles<samples::everything, samples::everything>()), lines{});
    EXPECT_TRUE(
        plan_reading(descriptor_of<samples::everything>(), descriptor_of<samples::everything>())
            .direct());
}

TEST(Plan, FieldsAreFoundByTheirNamesInAnyOrder) {
    expect_old_values(read_as<second::state>(old_state));
    const second::state state{3, {{5, 4, {}}, {7, 6, 1}}, {}, {2, 1, {}}, "name"};
    expect_old_values(read_as<first::state>(state));
}

TEST(Plan, AnOptionalThatNobodyWroteIsNothing) {
    const auto state = read_as<second::state>(old_state);
    EXPECT_EQ(state.notes, std::nullopt);
    EXPECT_EQ(state.place.z, std::nullopt);
}

TEST(Plan, TypesInContainersAreReadByPlanToo) {
    const first::box old{"text", old_state, {{"a", old_state}}, old_state, {old_state, {}}};
    const auto box = read_as<second::box>(old);
    EXPECT_EQ(box.text, "text");
    expect_old_values(std::get<1>(box.inner));
    expect_old_values(box.states.at("a"));
    expect_old_values(*box.maybe);
    expect_old_values(box.rows[0]);
}

TEST(Plan, AFieldThatOneEndOnlyHasMustBeOptional) {
    EXPECT_EQ((obstacles<first::state, second::strict>()),
              lines{"field 'more' exists only in theirs and is not optional: make it "
                    "std::optional there"});
    EXPECT_EQ((obstacles<second::strict, first::state>()),
              lines{"field 'more' exists only in ours and is not optional: make it "
                    "std::optional there"});
    EXPECT_THROW(read_as<second::strict>(old_state), error);
}

TEST(Plan, WhatIsOfAnotherTypeIsNamed) {
    EXPECT_EQ((obstacles<first::state, second::other>()),
              (lines{"field 'place': ours signet::wire::first::vec, theirs list<i32>",
                     "field 'speed': ours i32, theirs u32",
                     "field 'path[]': ours signet::wire::first::vec, theirs "
                     "optional<signet::wire::second::vec>"}));
}

TEST(Plan, AVariantOfOursMayKnowMoreThanTheirs) {
    using small = std::variant<int, std::string>;
    using large = std::variant<int, std::string, double>;
    EXPECT_EQ((read_as<large>(small{"text"})), large{"text"});
    EXPECT_EQ((obstacles<small, large>()),
              lines{"the message may be one of 3 types in theirs, and ours knows the first 2"});
}

TEST(Plan, PlainTypesAreReadByTheSameLayoutOnly) {
    EXPECT_EQ((obstacles<first::vec, first::vec>()), lines{});
    EXPECT_EQ((obstacles<int, float>()), lines{"ours is i32, theirs is f32"});
}

TEST(Plan, APlainTypeAndAPackedOneDoNotMix) {
    EXPECT_EQ((obstacles<first::frozen, second::frozen>()),
              lines{"ours is signet::wire::first::frozen, which travels as its bytes; theirs is "
                    "signet::wire::second::frozen, which is packed, as one of its fields has no "
                    "fixed size: build both with the same type"});
    EXPECT_EQ((obstacles<second::frozen, first::frozen>().size()), 1u);
}

TEST(Plan, TextBytesAndCodecsAreReadByTheirOwnKindOnly) {
    EXPECT_EQ((obstacles<std::string, std::string>()), lines{});
    EXPECT_EQ((obstacles<std::string, std::vector<std::byte>>()),
              lines{"ours is text, theirs is bytes"});
    EXPECT_EQ((obstacles<samples::image, std::string>()),
              lines{"ours is test:image, theirs is text"});
    EXPECT_EQ((obstacles<samples::image, samples::image>()), lines{});
}

TEST(Plan, AnEnumerationIsItsInteger) {
    EXPECT_EQ((obstacles<std::vector<samples::mode>, std::vector<std::uint16_t>>()), lines{});
    EXPECT_EQ((obstacles<std::map<samples::mode, int>, std::map<int, int>>()),
              lines{"field '[]': ours signet::wire::samples::mode (u16), theirs i32"});
}

TEST(Plan, AHostileTowerOfTypesEndsAtTheLimit) {
    const auto tower = [](type_kind kind) {
        std::vector<type_info> types{{.kind = kind, .size = 4, .alignment = 4}};
        for (std::uint32_t i = 0; i < 30; ++i) {
            types.push_back({.kind = type_kind::record, .fields = {{"a", i}, {"b", i}}});
        }
        return type_descriptor{types};
    };
    EXPECT_EQ(reading_obstacles(tower(type_kind::i32), tower(type_kind::u32)).size(), 1u);
    EXPECT_TRUE(plan_reading(tower(type_kind::i32), tower(type_kind::i32)).direct());
}

}  // namespace
}  // namespace signet::wire
