// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/describe.hpp>

#include <cstdint>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

enum class mode : std::int8_t { reverse = -1 };
struct vec {
    float x, y;
};
struct sample {
    std::int64_t least;
    std::uint64_t most;
    double reals[4];
    vec trail[2];
    char name[6];
    char letter;
    mode state;
    bool ready;
    std::uint8_t raw;
};

template <class T>
std::string json_of(const T& value, json_style style = json_style::one_line) {
    std::string text;
    append_json(text, descriptor_of<T>(), std::as_bytes(std::span{&value, 1}), style);
    return text;
}

std::string quoted(std::string_view text) {
    std::string out;
    append_json_text(out, text);
    return out;
}

TEST(Json, AMessageIsOneLine) {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    const sample value{std::numeric_limits<std::int64_t>::min(),
                       std::numeric_limits<std::uint64_t>::max(),
                       {0.1, 1e300, infinite, -0.0},
                       {{1, 2}, {0.1f, -4}},
                       "a\"b",
                       'z',
                       mode::reverse,
                       true,
                       200};
    EXPECT_EQ(json_of(value),
              R"({"least":-9223372036854775808,"most":18446744073709551615,)"
              R"("reals":[0.1,1e+300,"inf",-0],"trail":[{"x":1,"y":2},{"x":0.1,"y":-4}],)"
              R"("name":"a\"b","letter":"z","state":-1,"ready":true,"raw":200})");
}

TEST(Json, IndentedHasALineForEachFieldAndEachStruct) {
    struct path {
        int numbers[3];
        vec trail[2];
    };
    EXPECT_EQ(json_of(path{{1, 2, 3}, {{1, 2}, {3, 4}}}, json_style::indented),
              "{\n  \"numbers\": [1, 2, 3],\n  \"trail\": [\n    {\n      \"x\": 1,\n"
              "      \"y\": 2\n    },\n    {\n      \"x\": 3,\n      \"y\": 4\n    }\n  ]\n}");
}

TEST(Json, NotANumberIsText) {
    EXPECT_EQ(json_of(std::numeric_limits<float>::quiet_NaN()), R"("nan")");
    EXPECT_EQ(json_of(-std::numeric_limits<double>::infinity()), R"("-inf")");
}

TEST(Json, TextEndsAtItsFirstNulOrAtTheEndOfItsArray) {
    EXPECT_EQ(json_of(std::array<char, 4>{'a', '\0', 'b', 'c'}), R"("a")");
    EXPECT_EQ(json_of(std::array<char, 3>{'a', 'b', 'c'}), R"("abc")");
    EXPECT_EQ(json_of(std::array<std::array<char, 2>, 2>{{{'a', 'b'}, {'c', 0}}}), R"(["ab","c"])");
}

TEST(Json, ControlCharactersAreEscapedAndWhatIsNotUtf8IsReplaced) {
    EXPECT_EQ(quoted("a\n\t\\\"\r"), R"("a\n\t\\\"\r")");
    EXPECT_EQ(quoted("\x1b\x7f\xc2\x9b"), R"("\u001b\u007f\u009b")");
    EXPECT_EQ(quoted("\xc3\xa9\xff"), "\"\xc3\xa9\xef\xbf\xbd\"");
    EXPECT_EQ(quoted(std::string_view{"\0", 1}), R"("\u0000")");
}

TEST(Json, TextAndBytesOfAnyLengthAreText) {
    std::string out;
    append_json(out, text_descriptor(), std::as_bytes(std::span{"hi", 2}));
    append_json(out, bytes_descriptor(), std::as_bytes(std::span{"foob", 4}));
    append_json(out, bytes_descriptor(), {});
    EXPECT_EQ(out, R"("hi""Zm9vYg==""")");
}

TEST(Json, APayloadOfAnotherSizeIsRefused) {
    std::string out;
    const std::vector<std::byte> payload(7);
    EXPECT_THROW(append_json(out, descriptor_of<double>(), payload), error);
}

TEST(Json, ABooleanOfAPeerIsTrueUnlessItIsZero) {
    std::string out;
    append_json(out, descriptor_of<bool>(), std::vector<std::byte>{std::byte{77}});
    EXPECT_EQ(out, "true");
}

TEST(Json, AHostileTypeCannotMakeAnyAmountOfText) {
    std::vector<type_info> types{{.kind = type_kind::u8, .size = 1, .alignment = 1}};
    for (std::uint32_t i = 0; i < 30; ++i) {
        types.push_back({type_kind::structure, "", 1, 1, 0, 0, {{std::string(256, 'x'), i, 0}}});
    }
    types.push_back({type_kind::array, "", 100'000, 1, 30, 100'000, {}});
    std::string out;
    EXPECT_THROW(append_json(out, type_descriptor{types}, std::vector<std::byte>(100'000)), error);
}

}  // namespace
}  // namespace signet::wire
