// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/reflect.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

struct empty {};
struct vec {
    float x, y, z;
};
struct derived : vec {
    int more;
};
struct picture {
    std::uint16_t width;
    std::uint8_t pixels[640 * 480];
    char name[16];
    vec corners[2][3];
    std::array<vec, 4> path;
    empty nothing;
    bool ready = true;
};
struct owner {
    std::string name;
    std::vector<int> numbers;
    std::optional<double> limit;
};
struct holder {
    const int constant;
    std::optional<vec> maybe;
};
struct packed_bits {
    int a : 3;
    int b;
};
struct referring {
    int& there;
};
union either {
    int a;
    float b;
};
struct guarded {
    explicit guarded(int) {}
    int value = 0;
};
struct wide64 {
    int a[64], b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z;
    int a2, b2, c2, d2, e2, f2, g2, h2, i2, j2, k2, l2, m2, n2, o2, p2, q2, r2, s2, t2, u2, v2;
    int w2, x2, y2, z2, a3, b3, c3, d3, e3, f3, g3, h3, i3, j3, k3, last;
};
struct wide65 {
    wide64 nested;
    int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z;
    int a2, b2, c2, d2, e2, f2, g2, h2, i2, j2, k2, l2, m2, n2, o2, p2, q2, r2, s2, t2, u2, v2;
    int w2, x2, y2, z2, a3, b3, c3, d3, e3, f3, g3, h3, i3, j3, k3, last;
};

TEST(Reflect, AnArrayIsOneFieldHoweverManyElementsItHas) {
    EXPECT_EQ(field_count<picture>, 7u);
    EXPECT_EQ(field_count<vec>, 3u);
    EXPECT_EQ(field_count<empty>, 0u);
}

TEST(Reflect, UpTo64FieldsAreCountedAndNamed) {
    EXPECT_EQ(field_count<wide64>, 64u);
    EXPECT_EQ((field_name<wide64, 0>), "a");
    EXPECT_EQ((field_name<wide64, 63>), "last");
    EXPECT_FALSE(reflectable<wide65>);
}

TEST(Reflect, FieldsHaveTheirNamesInTheSource) {
    EXPECT_EQ((field_name<picture, 0>), "width");
    EXPECT_EQ((field_name<picture, 1>), "pixels");
    EXPECT_EQ((field_name<picture, 3>), "corners");
    EXPECT_EQ((field_name<picture, 4>), "path");
    EXPECT_EQ((field_name<picture, 6>), "ready");
}

TEST(Reflect, NamesAreKnownToTheCompiler) {
    static_assert(field_name<vec, 1> == "y");
    static_assert(field_name<owner, 2> == "limit");
    static_assert(field_name<holder, 0> == "constant");
}

TEST(Reflect, LocalTypesHaveNamedFieldsToo) {
    struct local {
        int first;
        char second[3];
    };
    EXPECT_EQ((field_name<local, 0>), "first");
    EXPECT_EQ((field_name<local, 1>), "second");
}

TEST(Reflect, FieldsAreReferencesIntoTheValue) {
    vec value{1, 2, 3};
    std::get<1>(fields(value)) = 7;
    EXPECT_EQ(value.y, 7);
    const vec& fixed = value;
    EXPECT_EQ(&std::get<2>(fields(fixed)), &value.z);
}

TEST(Reflect, FieldTypesAreTheDeclaredOnes) {
    static_assert(std::is_same_v<field_type<picture, 3>, vec[2][3]>);
    static_assert(std::is_same_v<field_type<holder, 0>, const int>);
    static_assert(std::is_same_v<field_type<owner, 0>, std::string>);
}

TEST(Reflect, OffsetsAreThoseOfTheCompiler) {
    EXPECT_EQ((field_offset<picture, 1>()), offsetof(picture, pixels));
    EXPECT_EQ((field_offset<picture, 4>()), offsetof(picture, path));
    EXPECT_EQ((field_offset<picture, 6>()), offsetof(picture, ready));
}

TEST(Reflect, WhatHasNoListOfPublicFieldsIsRefused) {
    EXPECT_FALSE(reflectable<derived>);
    EXPECT_FALSE(reflectable<packed_bits>);
    EXPECT_FALSE(reflectable<referring>);
    EXPECT_FALSE(reflectable<either>);
    EXPECT_FALSE(reflectable<guarded>);
    EXPECT_FALSE((reflectable<std::array<int, 3>>));
    EXPECT_FALSE(reflectable<int>);
}

}  // namespace
}  // namespace signet::wire
