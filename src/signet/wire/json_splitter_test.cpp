// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_splitter.hpp>

#include <signet/base/error.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

using texts = std::vector<std::string>;

/// What comes out of a stream that arrives in pieces of so many bytes.
texts split(std::string_view stream, std::size_t piece) {
    json_splitter splitter{1 << 20};
    texts found;
    for (; !stream.empty(); stream.remove_prefix(std::min(piece, stream.size()))) {
        const std::string arrived{stream.substr(0, piece)};
        splitter.give(std::as_bytes(std::span{arrived}));
        while (const auto text = splitter.next()) {
            found.emplace_back(reinterpret_cast<const char*>(text->data()), text->size());
        }
    }
    return found;
}

texts split(std::string_view stream) {
    return split(stream, stream.size());
}

bool refuses(std::string_view text, std::uint64_t most) {
    json_splitter splitter{most};
    splitter.give(std::as_bytes(std::span{text}));
    try {
        static_cast<void>(splitter.next());
        return false;
    } catch (const error& e) {
        return e.code() == errc::too_large;
    }
}

TEST(JsonSplitter, FindsTheSameTextsWhereverTheStreamIsCut) {
    const std::string stream =
        " {\"a\" : [1, -2.5e+3, true, \"]}\\\"\\\\\"], \"b\":{}}[] \r\n[[],{\"c\":null}]\t{bad}\n"
        "12 \"text\"[\"\\u00e9\"]";
    const texts whole = split(stream);
    EXPECT_EQ(whole, (texts{"{\"a\" : [1, -2.5e+3, true, \"]}\\\"\\\\\"], \"b\":{}}", "[]",
                            "[[],{\"c\":null}]", "{", "12", "\"text\"", "[\"\\u00e9\"]"}));
    for (std::size_t piece = 1; piece < stream.size(); ++piece) {
        EXPECT_EQ(split(stream, piece), whole) << piece;
    }
}

TEST(JsonSplitter, EndsATextWhereItCannotBecomeJsonAnyMore) {
    EXPECT_EQ(split("{\"method\": bar}\n[1]"), (texts{"{\"method\": ", "[1]"}));
    EXPECT_EQ(split("[1,2}\n"), texts{"[1,2"});
    EXPECT_EQ(split("{\"a\"]\n"), texts{"{\"a\""});
    EXPECT_EQ(split("[\"ab\ncd\"]\n"), (texts{"[\"ab", ""}));
    EXPECT_EQ(split("[1 2]\n"), texts{"[1 "});
    EXPECT_EQ(split("{1:2}\n"), texts{"{"});
    EXPECT_EQ(split("GET / HTTP/1.1\r\n\r\n[]"), (texts{"", "[]"}));
}

TEST(JsonSplitter, GoesOnBehindTheNextLineFeed) {
    EXPECT_EQ(split("{]{}[]{}\n{}"), (texts{"{", "{}"}));
    EXPECT_EQ(split("}\n}\n{}"), (texts{"", "", "{}"}));
}

TEST(JsonSplitter, GoesAsDeepAsItsLimit) {
    const std::string most(json_depth_max, '[');
    EXPECT_EQ(split(most + std::string(json_depth_max, ']')).front().size(), 2 * json_depth_max);
    EXPECT_EQ(split(most + "[\n"), texts{most});
}

TEST(JsonSplitter, KeepsNothingOfABrokenLine) {
    json_splitter splitter{1 << 20};
    const std::string deep(100'000, '[');
    splitter.give(std::as_bytes(std::span{deep}.first(10)));
    EXPECT_FALSE(splitter.next());
    EXPECT_TRUE(splitter.amid());
    const std::string_view end = "}";
    splitter.give(std::as_bytes(std::span{end}));
    EXPECT_TRUE(splitter.next());
    splitter.give(std::as_bytes(std::span{deep}));
    EXPECT_FALSE(splitter.next());
    EXPECT_FALSE(splitter.amid());
}

TEST(JsonSplitter, RefusesATextThatIsTooLong) {
    EXPECT_FALSE(refuses("[1234567]", 9));
    EXPECT_TRUE(refuses("[12345678]", 9));
    EXPECT_TRUE(refuses("[\"" + std::string(1000, 'x'), 100));
}

TEST(JsonSplitter, RefusesABrokenLineThatHasNoEnd) {
    json_splitter splitter{100};
    const std::string line = "}" + std::string(101, 'x');
    splitter.give(std::as_bytes(std::span{line}));
    EXPECT_TRUE(splitter.next());
    EXPECT_THROW(static_cast<void>(splitter.next()), error);
}

}  // namespace
}  // namespace signet::wire
