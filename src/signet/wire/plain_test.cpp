// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/plain.hpp>

#include <chrono>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

enum class mode : std::uint8_t { off, on };
struct vec {
    float x, y, z;
};
struct pose {
    vec position;
    double heading[2][2];
    char name[16];
    std::array<vec, 3> trail;
    mode state;
    const bool fixed;
};
struct node {
    int value;
    node* next;
};
struct tree {
    vec place;
    std::array<node, 2> children[3];
};
struct person {
    std::string name;
};
struct stamped {
    std::chrono::nanoseconds at;
};
union either {
    int a;
    float b;
};
struct chosen {
    int which;
    either value;
};
struct bits {
    unsigned low : 4;
};
struct derived : vec {};
struct exact {
    long double value;
};
struct copied {
    copied() = default;
    int value = 0;
};
struct watched {
    int value;
    ~watched() {}
};
struct referring {
    int& there;
};
struct none_of_it {
    std::array<int, 0> nothing;
};
template <class T>
struct pair_of {
    T first, second;
};

TEST(Plain, NumbersEnumerationsArraysAndStructsOfThemArePlain) {
    EXPECT_TRUE(plain<pose>);
    EXPECT_TRUE(plain<double>);
    EXPECT_TRUE(plain<mode>);
    EXPECT_TRUE((plain<std::array<vec, 4>>));
    EXPECT_TRUE(plain<pair_of<pose>>);
    EXPECT_EQ(plain_defect<pose>(), "");
}

TEST(Plain, APointerIsNamedWithItsFieldAndItsStruct) {
    EXPECT_EQ(plain_defect<node>(), "field 'next' of 'node' is a pointer");
    EXPECT_EQ(plain_defect<tree>(), "field 'next' of 'node' is a pointer");
    EXPECT_FALSE(plain<int*>);
}

TEST(Plain, AFieldThatOwnsMemoryIsNamed) {
    EXPECT_EQ(plain_defect<person>(),
              "field 'name' of 'person' is of a class that looks after a resource");
}

TEST(Plain, AClassWithPrivateMembersIsNotPlain) {
    EXPECT_EQ(plain_defect<stamped>(),
              "field 'at' of 'stamped' is of a class with constructors or private members");
    EXPECT_FALSE(plain<copied>);
}

TEST(Plain, AUnionIsNotPlain) {
    EXPECT_EQ(plain_defect<chosen>(),
              "field 'value' of 'chosen' is a union, and nobody can tell which member is set");
}

TEST(Plain, WhatHasNoLayoutToAgreeOnIsNotPlain) {
    EXPECT_EQ(plain_defect<bits>(), "'bits' has a bit-field");
    EXPECT_EQ(plain_defect<derived>(), "'derived' has a base class");
    EXPECT_EQ(plain_defect<exact>(),
              "field 'value' of 'exact' is a long double, which differs between machines");
    EXPECT_FALSE(plain<referring>);
    EXPECT_FALSE(plain<watched>);
    EXPECT_EQ(plain_defect<none_of_it>(),
              "field 'nothing' of 'none_of_it' is an array without elements");
}

TEST(Plain, AWholeMessageIsAnObjectAndNotACArray) {
    EXPECT_FALSE(plain<int[3]>);
    EXPECT_FALSE(plain<const int>);
    EXPECT_FALSE(plain<int&>);
    EXPECT_FALSE(plain<void>);
}

TEST(Plain, RequirePlainAcceptsWhatIsPlain) {
    static_assert(require_plain<pose>());
}

}  // namespace
}  // namespace signet::wire
