// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/encode.hpp>

#include <signet/wire/dynamic_samples_test.hpp>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

using samples::bytes_of;
using samples::encoded;

struct pair_of {
    std::string text;
    std::uint16_t number;
};

TEST(Encode, AStructIsAnArrayOfItsFields) {
    EXPECT_EQ(encoded(pair_of{"hi", 7}), bytes_of({0x92, 0xa2, 'h', 'i', 0xcd, 0, 7}));
}

TEST(Encode, AnOptionalIsItsValueOrNil) {
    EXPECT_EQ(encoded(std::optional<bool>{}), bytes_of({0xc0}));
    EXPECT_EQ(encoded(std::optional<bool>{true}), bytes_of({0xc3}));
}

TEST(Encode, AVariantIsItsIndexAndItsValue) {
    using either = std::variant<std::monostate, std::int8_t>;
    EXPECT_EQ(encoded(either{}), bytes_of({0x92, 0, 0x90}));
    EXPECT_EQ(encoded(either{std::int8_t{-1}}), bytes_of({0x92, 1, 0xd0, 0xff}));
}

TEST(Encode, AMapIsAMap) {
    EXPECT_EQ((encoded(std::map<std::string, bool>{{"a", true}, {"b", false}})),
              bytes_of({0x82, 0xa1, 'a', 0xc3, 0xa1, 'b', 0xc2}));
}

TEST(Encode, CharactersAreTextWithoutTrailingNulsAndOctetsAreBin) {
    struct raw {
        char name[4];
        std::uint8_t octets[2];
        std::string rest;
    };
    EXPECT_EQ(encoded(raw{{'a', 0, 'b', 0}, {1, 2}, ""}),
              bytes_of({0x93, 0xa3, 'a', 0, 'b', 0xc4, 2, 1, 2, 0xa0}));
}

TEST(Encode, TextAndBytesAsWholeMessagesAreThemselves) {
    EXPECT_EQ(encoded(std::string{"hi"}), bytes_of({'h', 'i'}));
    EXPECT_EQ(encoded(std::string{}), bytes_of({}));
    EXPECT_EQ(encoded(bytes_of({1, 2})), bytes_of({1, 2}));
}

TEST(Encode, TheSizeIsExactWhereverTheFormatOfALengthChanges) {
    for (const std::size_t size : {0u, 1u, 15u, 16u, 31u, 32u, 255u, 256u, 65535u, 65536u}) {
        const pair_of text{std::string(size, 'x'), 1};
        const std::vector<std::string> list(size, "x");
        std::vector<std::byte> room(encoded_bytes(text) + encoded_bytes(list));
        EXPECT_EQ(encode(list, encode(text, room.data())), room.data() + room.size());
    }
}

TEST(Encode, TheSizeOfEverythingIsExact) {
    const auto value = samples::sample_everything();
    std::vector<std::byte> room(encoded_bytes(value));
    EXPECT_EQ(encode(value, room.data()), room.data() + room.size());
}

}  // namespace
}  // namespace signet::wire
