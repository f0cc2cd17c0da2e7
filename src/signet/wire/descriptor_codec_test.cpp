// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/descriptor_codec.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/describe.hpp>
#include <signet/wire/pack.hpp>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

enum class mode : std::uint8_t {};
struct vec {
    float x, y, z;
};
struct pose {
    vec position;
    vec trail[4];
    char name[12];
    mode state;
};

std::error_code complaint(std::span<const std::byte> encoded) {
    try {
        decode_descriptor(encoded);
    } catch (const error& e) {
        return e.code();
    }
    return {};
}

/// A descriptor of one array over a scalar.
std::vector<std::byte> array_of(std::uint64_t element, std::uint64_t count) {
    packer into;
    into.list(2);
    into.integer(descriptor_version);
    into.list(2);
    into.integer(std::uint64_t{11});
    into.list(3);
    for (const std::uint64_t part : {std::uint64_t{13}, element, count}) into.integer(part);
    return into.take();
}

TEST(DescriptorCodec, WhatWasEncodedIsDecodedTheSame) {
    EXPECT_EQ(decode_descriptor(encode(descriptor_of<pose>())), descriptor_of<pose>());
    EXPECT_EQ(decode_descriptor(encode(descriptor_of<int>())), descriptor_of<int>());
    EXPECT_EQ(decode_descriptor(encode(text_descriptor())), text_descriptor());
    EXPECT_EQ(decode_descriptor(encode(bytes_descriptor())), bytes_descriptor());
}

TEST(DescriptorCodec, ADescriptorIsCompact) {
    EXPECT_EQ(encode(descriptor_of<double>()).size(), 4u);
    EXPECT_LT(encode(descriptor_of<pose>()).size(), 150u);
}

TEST(DescriptorCodec, EveryShorterTextIsRefused) {
    const std::vector<std::byte> whole = encode(descriptor_of<pose>());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_EQ(complaint(std::span{whole}.first(size)), errc::peer_misbehaved) << size;
    }
}

TEST(DescriptorCodec, WhatFollowsTheEndIsRefused) {
    std::vector<std::byte> encoded = encode(descriptor_of<pose>());
    encoded.push_back(std::byte{0});
    EXPECT_EQ(complaint(encoded), errc::peer_misbehaved);
}

TEST(DescriptorCodec, AnotherVersionIsSaidToBeOne) {
    std::vector<std::byte> encoded = encode(descriptor_of<pose>());
    encoded.at(1) = std::byte{2};
    EXPECT_EQ(complaint(encoded), errc::incompatible_version);
}

TEST(DescriptorCodec, ArraysRefusedAreThoseOfLaterTypesAndOfImpossibleSizes) {
    EXPECT_EQ(complaint(array_of(0, 3)), std::error_code{});
    EXPECT_EQ(complaint(array_of(1, 3)), errc::peer_misbehaved);
    EXPECT_EQ(complaint(array_of(0, 0)), errc::peer_misbehaved);
    EXPECT_EQ(complaint(array_of(0, ~std::uint64_t{0})), errc::peer_misbehaved);
    EXPECT_EQ(complaint(array_of(~std::uint64_t{0}, 1)), errc::peer_misbehaved);
}

}  // namespace
}  // namespace signet::wire
