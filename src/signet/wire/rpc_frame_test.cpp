// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/rpc_frame.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/mutator_test.hpp>

#include <gtest/gtest.h>

namespace signet::wire {
namespace {

using bytes = std::vector<std::byte>;

bytes of(std::string_view text) {
    const auto all = std::as_bytes(std::span{text});
    return {all.begin(), all.end()};
}

/// A literal, in which there may be zeros.
template <std::size_t Size>
bytes of(const char (&text)[Size]) {
    return of(std::string_view{text, Size - 1});
}

bytes request(const rpc_rider& rider = {}) {
    bytes frame;
    put_request_head(frame, 7, "add", rider, 2);
    append_values(frame, 2, 3);
    return frame;
}

bytes failure() {
    bytes frame;
    put_failure(frame, 9, {.type = "std::runtime_error", .text = "no", .ran = "yes"});
    return frame;
}

TEST(RpcFrame, OfARequestIsReadAsItWasWritten) {
    const bytes written = request();
    const rpc_frame frame = read_rpc_frame(written);
    EXPECT_EQ(frame.kind, rpc_kind::request);
    EXPECT_EQ(frame.id, 7u);
    EXPECT_EQ(frame.method, "add");
    EXPECT_EQ(frame.arguments, 2u);
    EXPECT_EQ(frame.body.size(), 10u);
    EXPECT_TRUE(frame.rider.empty());
}

TEST(RpcFrame, CarriesARiderThatIsNoArgument) {
    const bytes written = request({.nanoseconds_left = 5'000'000'000});
    const rpc_frame frame = read_rpc_frame(written);
    EXPECT_EQ(frame.arguments, 2u);
    EXPECT_EQ(frame.rider.nanoseconds_left, 5'000'000'000u);
    value_reader from{frame.body, frame.arguments};
    int first = 0;
    EXPECT_TRUE(from.take(first));
    EXPECT_EQ(first, 2);
}

TEST(RpcFrame, OfAResultAndOfANotification) {
    bytes written;
    put_result_head(written, 8);
    append_value(written, 5);
    const rpc_frame result = read_rpc_frame(written);
    EXPECT_EQ(result.kind, rpc_kind::response);
    EXPECT_EQ(result.id, 8u);
    EXPECT_TRUE(result.error.empty());
    EXPECT_EQ(result.body.size(), 5u);
    EXPECT_EQ(read_rpc_frame(of("\x93\x02\xa4ping\x90")).kind, rpc_kind::notification);
}

TEST(RpcFrame, OfAFailureSaysWhatAndWhetherItRan) {
    const bytes written = failure();
    const rpc_frame frame = read_rpc_frame(written);
    const rpc_failure what = read_failure(frame.error);
    EXPECT_EQ(what.type, "std::runtime_error");
    EXPECT_EQ(what.text, "no");
    EXPECT_EQ(what.ran, "yes");
    EXPECT_EQ(what.code, "");
}

TEST(RpcFrame, OfOtherLanguagesFailsInTheirWords) {
    EXPECT_EQ(read_failure(of("\xa6"
                              "broken"))
                  .text,
              "broken");
    EXPECT_EQ(read_failure(of("\x92\x00\xa3"
                              "bad"))
                  .text,
              "bad");
    EXPECT_EQ(read_failure(of("\x92\x00\xa3"
                              "bad"))
                  .type,
              "0");
    EXPECT_EQ(read_failure(of("\x2a")).text, "42");
    EXPECT_EQ(read_failure(of("\x93\x01\x02\x03")).text,
              "an error that is neither text nor number");
}

TEST(RpcFrame, ThatIsNoneIsRefused) {
    for (const std::string_view text :
         {"\x91\x01", "\x94\x03\x01\xa1x\x90", "\x94\x02\x01\xa1x\x90", "\x93\x02\x05\x90",
          "\x94\xa1x\x01\xa1x\x90", "\xa1x", "\x93\x02\xa1x\xa1x"}) {
        EXPECT_THROW(static_cast<void>(read_rpc_frame(of(text))), error) << text;
    }
}

bytes result_of(std::string_view text) {
    bytes frame;
    put_result_head(frame, 8);
    append_values(frame, text, std::vector<int>{1, 2});
    return frame;
}

TEST(RpcFrame, ThatIsPlainIsReadAsAnyOther) {
    const bytes written = request();
    const rpc_frame wanted = read_rpc_frame(written);
    rpc_frame plain;
    ASSERT_TRUE(read_plain_frame(written, plain));
    EXPECT_EQ(plain.id, wanted.id);
    EXPECT_EQ(plain.method, wanted.method);
    EXPECT_EQ(plain.arguments, wanted.arguments);
    EXPECT_EQ(plain.body.data(), wanted.body.data());
    EXPECT_EQ(plain.body.size(), wanted.body.size());
}

TEST(RpcFrame, ThatIsPlainIsWholeAndAlone) {
    const bytes written = request();
    rpc_frame plain;
    for (std::size_t size = 0; size < written.size(); ++size) {
        EXPECT_FALSE(read_plain_frame(std::span{written}.first(size), plain)) << size;
    }
    bytes two = written;
    two.insert(two.end(), written.begin(), written.end());
    EXPECT_FALSE(read_plain_frame(two, plain));
}

TEST(RpcFrame, ThatIsNotPlainIsLeftToTheReaderOfAll) {
    rpc_frame plain;
    EXPECT_FALSE(read_plain_frame(request({.priority = 1}), plain));
    EXPECT_FALSE(read_plain_frame(failure(), plain));
    EXPECT_FALSE(read_plain_frame(result_of("short"), plain)) << "two values";
    EXPECT_FALSE(read_plain_frame(result_of(std::string(40, 'x')), plain)) << "long text";
}

// What the short way takes, the long way takes too, and finds the same.
TEST(RpcFrame, ThatWasTamperedWithIsPlainOnlyWhereItIsAFrame) {
    const bytes frame = request();
    for (std::size_t at = 0; at < frame.size(); ++at) {
        for (unsigned value = 0; value < 256; ++value) {
            bytes other = frame;
            other[at] = static_cast<std::byte>(value);
            rpc_frame plain;
            if (!read_plain_frame(other, plain)) continue;
            const rpc_frame wanted = read_rpc_frame(other);
            EXPECT_EQ(plain.id, wanted.id);
            EXPECT_EQ(plain.method, wanted.method);
            EXPECT_EQ(plain.body.size(), wanted.body.size());
        }
    }
}

TEST(RpcFrame, ThatWasTamperedWithIsReadOrRefused) {
    mutator change{1};
    const std::vector<bytes> good{request(), request({.nanoseconds_left = 9}), failure()};
    for (int i = 0; i < 30'000; ++i) {
        const bytes tampered = change.mutate(good[static_cast<std::size_t>(i) % good.size()]);
        try {
            const rpc_frame frame = read_rpc_frame(tampered);
            EXPECT_LE(frame.body.size(), tampered.size());
            if (!frame.error.empty()) static_cast<void>(read_failure(frame.error));
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::peer_misbehaved);
        }
    }
}

}  // namespace
}  // namespace signet::wire
