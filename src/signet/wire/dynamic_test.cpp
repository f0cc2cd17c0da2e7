// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/dynamic.hpp>

#include <chrono>
#include <cstdint>
#include <memory>

#include <gtest/gtest.h>

namespace {
struct image {
    explicit image(int) {}
};
}  // namespace

template <>
struct signet::codec<image> {
    static std::string name() { return "test:image"; }
    static std::size_t bytes(const image&) { return 0; }
    static void encode(const image&, std::span<std::byte>) {}
    static image decode(std::span<const std::byte>) { return image{1}; }
};

namespace signet::wire {
namespace {

enum class mode : std::uint8_t { off, on };
struct vec {
    float x, y, z;
};
struct person {
    std::string name;
    std::vector<vec> path;
    std::optional<std::map<std::string, double>> limits;
    std::variant<std::monostate, int, std::vector<person*>*> wrong;
};
struct robot {
    std::string name;
    std::vector<std::vector<vec>> paths;
    std::optional<std::map<std::string, double>> limits;
    std::variant<std::monostate, int, vec, std::string> state;
    std::unordered_map<std::int64_t, std::vector<std::byte>> blobs;
    std::array<std::string, 3> names;
    mode modes[2];
    vec place;
};
struct tree {
    int value;
    std::vector<tree> children;
};
struct chain {
    std::map<int, std::optional<chain>> next;
};
struct wrapped {
    tree inner;
};
struct owner {
    std::unique_ptr<int> value;
};
struct viewer {
    std::string name;
    std::string_view text;
};
struct timed {
    std::string name;
    std::chrono::nanoseconds at;
};
struct fixed {
    const std::string name;
};
struct twice {
    std::optional<std::optional<int>> value;
};
struct keyed {
    std::map<double, int> value;
};
struct derived : robot {
    int more;
};
struct with_codec {
    std::string name;
    std::optional<image> picture;
};

TEST(Dynamic, AggregatesOfStringsAndContainersAreDynamic) {
    EXPECT_TRUE(dynamic<robot>);
    EXPECT_TRUE(dynamic<std::vector<robot>>);
    EXPECT_TRUE((dynamic<std::map<mode, std::optional<robot>>>));
    EXPECT_TRUE(dynamic<std::string>);
    EXPECT_TRUE(dynamic<std::vector<bool>>);
    EXPECT_EQ(encoding_defect<robot>(), "");
}

TEST(Dynamic, WhatIsPlainStaysPlain) {
    EXPECT_FALSE(dynamic<vec>);
    EXPECT_TRUE(in_place<vec>);
    EXPECT_FALSE(plain<robot>);
    EXPECT_FALSE(in_place<robot>);
}

TEST(Dynamic, APointerIsNamedWithItsFieldAndItsStruct) {
    EXPECT_EQ(encoding_defect<person>(), "field 'wrong' of 'person' is a pointer");
    EXPECT_EQ(encoding_defect<owner>(), "field 'value' of 'owner' is a pointer");
    EXPECT_FALSE(dynamic<std::vector<int*>>);
}

TEST(Dynamic, ATypeMadeOfItselfIsRefused) {
    EXPECT_EQ(encoding_defect<tree>(),
              "field 'children' of 'tree' is made of itself, and would have no end");
    EXPECT_EQ(encoding_defect<chain>(),
              "field 'next' of 'chain' is made of itself, and would have no end");
    EXPECT_EQ(encoding_defect<wrapped>(),
              "field 'children' of 'tree' is made of itself, and would have no end");
}

TEST(Dynamic, WhatCannotBeReadIsNamed) {
    EXPECT_EQ(encoding_defect<viewer>(),
              "field 'text' of 'viewer' is a view of somebody else's "
              "memory: use std::string or std::vector");
    EXPECT_EQ(encoding_defect<timed>(),
              "field 'at' of 'timed' is of a class with constructors or "
              "private members: give it a signet::codec");
    EXPECT_EQ(encoding_defect<fixed>(),
              "field 'name' of 'fixed' is const, so that nothing can be read into it");
    EXPECT_EQ(encoding_defect<derived>(), "'derived' has a base class");
}

TEST(Dynamic, WhatWouldBeAmbiguousIsRefused) {
    EXPECT_EQ(encoding_defect<twice>(),
              "field 'value' of 'twice' is an optional of an optional, "
              "and nobody can tell which of them is empty");
    EXPECT_EQ(encoding_defect<keyed>(),
              "field 'value' of 'keyed' is a map whose keys are neither "
              "text, integers nor enumerations");
}

TEST(Dynamic, ATypeWithACodecTravelsAloneAndInsideOfOthers) {
    EXPECT_TRUE(foreign<image>);
    EXPECT_TRUE(packed<image>);
    EXPECT_FALSE(dynamic<image>);
    EXPECT_TRUE(dynamic<with_codec>);
    EXPECT_TRUE(dynamic<std::vector<image>>);
}

TEST(Dynamic, RequireEncodableAcceptsWhatTravels) {
    static_assert(require_encodable<robot>());
    static_assert(require_encodable<vec>());
    static_assert(require_encodable<image>());
}

}  // namespace
}  // namespace signet::wire
