// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/utf8.hpp>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

TEST(Utf8, SequencesOfEveryLengthAreKnown) {
    EXPECT_EQ(utf8_sequence_bytes("a"), 1u);
    EXPECT_EQ(utf8_sequence_bytes("\xc3\xa9"), 2u);
    EXPECT_EQ(utf8_sequence_bytes("\xe2\x82\xac"), 3u);
    EXPECT_EQ(utf8_sequence_bytes("\xf0\x9f\x98\x80"), 4u);
    EXPECT_EQ(utf8_sequence_bytes(""), 0u);
}

TEST(Utf8, OverlongFormsSurrogatesAndFragmentsAreInvalid) {
    for (const char* text : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                             "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xff", "\xe2\x82"}) {
        EXPECT_EQ(utf8_sequence_bytes(text), 0u);
    }
}

TEST(Utf8, ControlCharactersAreNotPrintable) {
    EXPECT_TRUE(is_printable("a\n\tb \xc3\xa9"));
    EXPECT_FALSE(is_printable("\x1b[2J"));
    EXPECT_FALSE(is_printable("\x7f"));
    EXPECT_FALSE(is_printable("\xc2\x9b"));
    EXPECT_FALSE(is_printable(std::string_view{"\0", 1}));
}

TEST(Utf8, EachByteThatIsNotPrintableIsReplaced) {
    EXPECT_EQ(printable("a\xff\x1b"
                        "b"),
              "a\xef\xbf\xbd\xef\xbf\xbd"
              "b");
}

}  // namespace
}  // namespace signet::wire
