// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/frame.hpp>

#include <signet/base/error.hpp>

#include <limits>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    return {begin, begin + text.size()};
}

template <class Action>
std::string complaint(Action action) {
    try {
        action();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::peer_misbehaved);
        return e.what();
    }
    return "accepted";
}

TEST(Frame, WhatWasPutIsReadBack) {
    const frame_reader frame{frame_writer{"hello"}
                                 .put("pid", 42)
                                 .put("below", -7)
                                 .put("most", std::numeric_limits<std::uint64_t>::max())
                                 .put("ok", true)
                                 .put("text", "robot/pose")
                                 .put("raw", bytes_of("\0\1"))
                                 .take()};
    EXPECT_EQ(frame.kind(), "hello");
    EXPECT_EQ(frame.u64("pid"), 42u);
    EXPECT_EQ(frame.i64("below"), -7);
    EXPECT_EQ(frame.u64("most"), std::numeric_limits<std::uint64_t>::max());
    EXPECT_TRUE(frame.flag("ok"));
    EXPECT_EQ(frame.text("text"), "robot/pose");
    EXPECT_EQ(frame.bytes("raw").size(), bytes_of("\0\1").size());
}

TEST(Frame, TheBytesAreThoseOfTheDrawing) {
    EXPECT_EQ(frame_writer{"hello"}.put("pid", 42).take(),
              bytes_of("\x82\xa4kind\xa5hello\xa3pid\x2a"));
}

TEST(Frame, AListHoldsMaps) {
    std::vector<frame_writer> topics(2);
    topics[0].put("name", "a");
    topics[1].put("name", "b").put("later", 1);
    const frame_reader frame{frame_writer{"announce"}.put("topics", topics).take()};
    const std::vector<frame_reader> list = frame.list("topics");
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(list[0].text("name"), "a");
    EXPECT_EQ(list[1].text("name"), "b");
    EXPECT_TRUE(frame.list("others").empty());
}

TEST(Frame, AMissingKeyIsNamedWithItsFrame) {
    const frame_reader frame{frame_writer{"hello"}.take()};
    EXPECT_EQ(complaint([&] { frame.u64("pid"); }),
              "cannot read frame 'hello': the peer broke the protocol; key 'pid' is missing");
}

TEST(Frame, AValueOfTheWrongTypeIsNamed) {
    const frame_reader frame{frame_writer{"hello"}.put("pid", "x").put("n", -1).take()};
    EXPECT_NE(complaint([&] { frame.u64_or("pid", 0); }).find("key 'pid' is not"),
              std::string::npos);
    EXPECT_NE(complaint([&] { frame.u64("n"); }).find("key 'n' is not"), std::string::npos);
    EXPECT_NE(complaint([&] { frame.flag("n"); }).find("key 'n' is"), std::string::npos);
    EXPECT_NE(complaint([&] { frame.list("n"); }).find("key 'n' is not"), std::string::npos);
}

TEST(Frame, ADefaultStandsInForAMissingKey) {
    const frame_reader frame{frame_writer{"hello"}.put("pid", 1).take()};
    EXPECT_EQ(frame.u64_or("pid", 9), 1u);
    EXPECT_EQ(frame.u64_or("uid", 9), 9u);
    EXPECT_EQ(frame.i64_or("uid", -9), -9);
    EXPECT_TRUE(frame.flag_or("uid", true));
    EXPECT_EQ(frame.text_or("uid", "nobody"), "nobody");
    EXPECT_TRUE(frame.bytes_or("uid", {}).empty());
}

TEST(Frame, ANumberTooLargeForItsSignIsRefused) {
    const frame_reader frame{frame_writer{"x"}.put("n", std::uint64_t{1} << 63).take()};
    EXPECT_NE(complaint([&] { frame.i64("n"); }).find("out of range"), std::string::npos);
}

TEST(Frame, KeysAndValuesOfALaterProtocolAreIgnored) {
    const auto later = bytes_of("\x82\xa4kind\xa1k\xa3new\xca\x3f\x80" + std::string(2, '\0'));
    EXPECT_EQ(frame_reader{later}.kind(), "k");
}

TEST(Frame, WhatIsNotAFrameIsRefused) {
    for (const std::string_view text : {"", "\x01", "\x80", "\x81\xa4kind\x01", "\x81\xa4kind",
                                        "\x81\x01\x02", "\xdf\xff\xff\xff\xff", "\xc1"}) {
        EXPECT_NE(complaint([&] { frame_reader{bytes_of(text)}; }), "accepted") << text;
    }
}

TEST(Frame, AKeyThatComesTwiceIsRefused) {
    const auto twice = frame_writer{"x"}.put("a", 1).put("a", 2).take();
    EXPECT_NE(complaint([&] { frame_reader{twice}; }).find("comes twice"), std::string::npos);
}

TEST(Frame, ADeepFrameIsRefused) {
    const auto deep = bytes_of("\x82\xa4kind\xa1k\xa1x" + std::string(60000, '\x91') + "\x01");
    EXPECT_NE(complaint([&] { frame_reader{deep}; }), "accepted");
}

TEST(Frame, AFrameOverTheLimitIsNeitherSentNorRead) {
    const std::vector<std::byte> raw(frame_bytes_max);
    EXPECT_THROW(static_cast<void>(frame_writer{"x"}.put("raw", raw).take()), error);
    EXPECT_NE(complaint([&] { frame_reader{std::vector<std::byte>(frame_bytes_max + 1)}; }),
              "accepted");
}

TEST(Frame, TextIsMadePrintableBeforeItIsSent) {
    const frame_reader frame{frame_writer{"x"}.put("name", "a\x1b[2J\xff").take()};
    EXPECT_EQ(frame.text("name"), "a\xef\xbf\xbd[2J\xef\xbf\xbd");
}

TEST(Frame, TextThatIsNotPrintableIsRefused) {
    const frame_reader frame{bytes_of("\x82\xa4kind\xa1k\xa1t\xa1\x1b")};
    EXPECT_NE(complaint([&] { frame.text("t"); }).find("not printable"), std::string::npos);
}

}  // namespace
}  // namespace signet::wire
