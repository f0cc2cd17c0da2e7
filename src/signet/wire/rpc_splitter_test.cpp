// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/rpc_splitter.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/mutator_test.hpp>
#include <signet/wire/rpc_frame.hpp>

#include <algorithm>
#include <map>
#include <string>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

using bytes = std::vector<std::byte>;

/// Three values of all kinds, in a row.
bytes stream() {
    bytes all;
    append_values(all, std::map<std::string, std::vector<int>>{{"a", {1, 2}}, {"b", {}}});
    put_request_head(all, 1, "method", {.nanoseconds_left = 3}, 1);
    append_values(all, std::string(300, 'x'));
    append_values(all, std::vector<std::string>(20, "word"));
    return all;
}

/// What comes out of a stream that arrives in pieces of so many bytes.
std::vector<bytes> split(std::span<const std::byte> all, std::size_t piece) {
    rpc_splitter splitter{1 << 20};
    std::vector<bytes> values;
    for (; !all.empty(); all = all.subspan(std::min(piece, all.size()))) {
        const bytes arrived(all.begin(),
                            all.begin() + static_cast<std::ptrdiff_t>(std::min(piece, all.size())));
        splitter.give(arrived);
        while (const auto value = splitter.next())
            values.emplace_back(value->begin(), value->end());
    }
    return values;
}

bool throws_too_large(rpc_splitter& splitter, std::string_view text) {
    try {
        splitter.give(std::as_bytes(std::span{text}));
        static_cast<void>(splitter.next());
        return false;
    } catch (const error& e) {
        return e.code() == errc::too_large;
    }
}

TEST(RpcSplitter, FindsTheSameValuesWhereverTheStreamIsCut) {
    const bytes all = stream();
    const auto whole = split(all, all.size());
    ASSERT_EQ(whole.size(), 3u);
    for (std::size_t piece = 1; piece < all.size(); ++piece) EXPECT_EQ(split(all, piece), whole);
}

TEST(RpcSplitter, RefusesWhatIsAnnouncedToBeTooLongBeforeItCame) {
    for (const std::string_view text :
         {std::string_view{"\xdb\x40\x00\x00\x00", 5}, std::string_view{"\xdd\xff\xff\xff\xff", 5},
          std::string_view{"\xdf\x7f\xff\xff\xff", 5},
          std::string_view{"\xc9\x10\x00\x00\x00\x05", 6}}) {
        rpc_splitter splitter{1 << 20};
        EXPECT_TRUE(throws_too_large(splitter, text));
    }
}

TEST(RpcSplitter, GoesAsDeepAsItIsAsked) {
    rpc_splitter splitter{1 << 20};
    const bytes deep(1'000'000, std::byte{0x91});
    splitter.give(deep);
    EXPECT_FALSE(splitter.next());
    EXPECT_TRUE(splitter.amid());
    splitter.give(std::array{std::byte{0xc0}});
    EXPECT_EQ(splitter.next()->size(), deep.size() + 1);
}

TEST(RpcSplitter, FindsWholeValuesInAnyBytes) {
    mutator change{2};
    for (int i = 0; i < 3'000; ++i) {
        const bytes any = change.mutate(stream());
        try {
            const std::size_t piece = 1 + change.below(any.size() + 1);
            for (const bytes& value : split(any, piece)) {
                detail::cursor from{value};
                EXPECT_TRUE(from.skip() && from.left() == 0);
            }
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::too_large);
        }
    }
}

}  // namespace
}  // namespace signet::wire
