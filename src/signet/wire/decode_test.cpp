// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/decode.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/dynamic_samples_test.hpp>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

using samples::bytes_of;
using samples::decoded;
using samples::encoded;

struct pair_of {
    std::string text;
    std::uint16_t number;
};
struct deep {
    std::vector<std::map<std::string, pair_of>> parts;
};

template <class T>
std::string complaint(const std::vector<std::byte>& bytes) {
    try {
        decoded<T>(bytes);
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::peer_misbehaved);
        return e.advice();
    }
    return "accepted";
}

TEST(Decode, WhatWasEncodedIsDecodedTheSame) {
    const auto value = samples::sample_everything();
    EXPECT_EQ(decoded<samples::everything>(encoded(value)), value);
    EXPECT_EQ(decoded<samples::everything>(encoded(samples::everything{})), samples::everything{});
}

TEST(Decode, WholeMessagesNeedNotBeStructs) {
    const std::map<int, std::vector<std::string>> map{{1, {"a"}}, {2, {}}};
    EXPECT_EQ((decoded<std::map<int, std::vector<std::string>>>(encoded(map))), map);
    EXPECT_EQ(decoded<samples::choice>(encoded(samples::choice{4})), samples::choice{4});
    EXPECT_EQ(decoded<std::vector<bool>>(encoded(std::vector<bool>{true, false})),
              (std::vector<bool>{true, false}));
}

TEST(Decode, TextAndBytesAsWholeMessagesAreThemselves) {
    EXPECT_EQ(decoded<std::string>(bytes_of({'h', 'i'})), "hi");
    EXPECT_EQ(decoded<std::string>({}), "");
    EXPECT_EQ(decoded<std::vector<std::byte>>(bytes_of({0xff, 0})), bytes_of({0xff, 0}));
}

TEST(Decode, LongTextsAndListsAreRead) {
    for (const std::size_t size : {31u, 32u, 255u, 256u, 65535u, 65536u}) {
        const std::vector<std::string> list(size, std::string(size == 65536 ? 1 : 40, 'x'));
        EXPECT_EQ(decoded<std::vector<std::string>>(encoded(list)), list);
    }
}

TEST(Decode, AnyFormatThatHoldsAnIntegerWillDo) {
    using number = std::optional<std::int16_t>;
    for (const auto& bytes :
         {bytes_of({7}), bytes_of({0xcc, 7}), bytes_of({0xd0, 7}),
          bytes_of({0xcf, 0, 0, 0, 0, 0, 0, 0, 7}), bytes_of({0xd3, 0, 0, 0, 0, 0, 0, 0, 7})}) {
        EXPECT_EQ(decoded<number>(bytes), 7);
    }
    EXPECT_EQ(decoded<number>(bytes_of({0xe0})), -32);
    EXPECT_EQ(decoded<number>(bytes_of({0xd2, 0xff, 0xff, 0x80, 0})), -32768);
}

TEST(Decode, AnIntegerOutOfRangeIsRefused) {
    EXPECT_EQ(complaint<std::optional<std::int8_t>>(bytes_of({0xcc, 128})),
              "it is not an integer of its type");
    EXPECT_NE(complaint<std::optional<std::uint64_t>>(bytes_of({0xff})), "accepted");
    EXPECT_NE(complaint<std::optional<std::uint8_t>>(bytes_of({0xcd, 1, 0})), "accepted");
    EXPECT_NE(complaint<std::optional<std::int64_t>>(bytes_of({0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0})),
              "accepted");
    EXPECT_NE(complaint<std::optional<std::int32_t>>(bytes_of({0xca, 0, 0, 0, 0})), "accepted");
}

TEST(Decode, AnyFormatThatHoldsARealWillDo) {
    EXPECT_EQ(decoded<std::optional<double>>(bytes_of({0xca, 0x3f, 0, 0, 0})), 0.5);
    EXPECT_EQ(decoded<std::optional<float>>(bytes_of({0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0})), 0.5f);
    EXPECT_EQ(decoded<std::optional<float>>(bytes_of({0xe0})), -32.0f);
    EXPECT_EQ(complaint<std::optional<float>>(bytes_of({0xcb, 0x7f, 0xe0, 0, 0, 0, 0, 0, 0})),
              "it is not a number");
}

TEST(Decode, TheFieldAndWhatIsWrongWithItAreNamed) {
    EXPECT_EQ(complaint<pair_of>(bytes_of({0x92, 0xa0, 0xc3})),
              "field 'number' is not an integer of its type");
    EXPECT_EQ(complaint<deep>(bytes_of({0x91, 0x91, 0x81, 0xa1, 'a', 0x92, 0x05, 0x05})),
              "field 'parts[][].text' is not text");
    EXPECT_EQ(complaint<pair_of>(bytes_of({0x93, 0xa0, 1, 1})),
              "it has the wrong number of fields");
}

TEST(Decode, WhatFollowsTheEndIsRefused) {
    EXPECT_EQ(complaint<pair_of>(bytes_of({0x92, 0xa0, 1, 1})), "it ends before its bytes do");
}

TEST(Decode, EveryShorterMessageIsRefused) {
    const std::vector<std::byte> whole = encoded(samples::sample_everything());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_NE(complaint<samples::everything>(
                      {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}),
                  "accepted");
    }
}

TEST(Decode, ALengthThatLiesMakesNoRoom) {
    const auto huge = bytes_of({0xdd, 0xff, 0xff, 0xff, 0xff, 1});
    EXPECT_EQ(complaint<std::vector<samples::vec>>(huge),
              "it has more elements than the message has room for");
    EXPECT_NE((complaint<std::map<int, int>>(bytes_of({0xdf, 0xff, 0xff, 0xff, 0xff, 1}))),
              "accepted");
    EXPECT_EQ(complaint<pair_of>(bytes_of({0x92, 0xdb, 0xff, 0xff, 0xff, 0xff, 1})),
              "field 'text' is longer than the message");
}

TEST(Decode, WhatTheTypeDoesNotHaveIsRefused) {
    EXPECT_EQ(complaint<samples::choice>(bytes_of({0x92, 5, 0})),
              "it is of a type its variant does not have");
    EXPECT_EQ((complaint<std::map<int, int>>(bytes_of({0x82, 1, 1, 1, 2}))),
              "field '[]' comes twice");
}

TEST(Decode, ATypeWithACodecIsReadByIt) {
    const samples::image image{"pixels"};
    EXPECT_EQ(decoded<samples::image>(encoded(image)), image);
    const samples::album album{"a", {image, image}, image, {{1, image}}, image};
    EXPECT_EQ(decoded<samples::album>(encoded(album)), album);
}

TEST(Decode, WhatACodecThrowsIsAnErrorThatNamesIt) {
    try {
        decoded<samples::image>(bytes_of({'?'}));
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.subject(), "test:image");
        EXPECT_EQ(e.advice(), "its codec refuses it: no image");
    }
}

}  // namespace
}  // namespace signet::wire
