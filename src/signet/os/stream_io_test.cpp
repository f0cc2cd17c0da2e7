// SPDX-License-Identifier: Apache-2.0
#include <signet/os/stream_io.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace signet::os {
namespace {

using testing::bytes_of;
using testing::complaint_of;
using testing::text_buffer;

// Answers of a stream that is asked once after the other: a count, or an error.
std::vector<long> answers;
std::size_t asked = 0;

long next(std::size_t room) {
    const long answer = asked < answers.size() ? answers[asked] : -EIO;
    ++asked;
    return std::min(answer, static_cast<long>(room));
}

constexpr stream_calls scripted{
    [](int, std::span<std::byte> buffer, waiting) { return next(buffer.size()); },
    [](int, std::span<const std::byte> bytes, waiting) { return next(bytes.size()); }, "stream"};

class StreamIoTest : public ::testing::Test {
protected:
    void will_answer(std::vector<long> all) {
        answers = std::move(all);
        asked = 0;
    }
    stream_result read_five() { return read_all(scripted, -1, buffer_.bytes(), deadline::min()); }
    stream_result write_five() {
        return write_all(scripted, -1, bytes_of("12345"), deadline::min());
    }

    text_buffer buffer_{5};
};

TEST_F(StreamIoTest, AllIsMovedInAsManyPiecesAsItTakes) {
    will_answer({2, -EINTR, 1, 2});
    EXPECT_EQ(read_five(), (stream_result{stream_status::moved, 5}));
    will_answer({1, 1, -EINTR, -EINTR, 3});
    EXPECT_EQ(write_five(), (stream_result{stream_status::moved, 5}));
}

TEST_F(StreamIoTest, SomeIsTheFirstPiece) {
    will_answer({-EINTR, 2, 3});
    EXPECT_EQ(read_some(scripted, -1, buffer_.bytes(), deadline::min()).bytes, 2);
    will_answer({3, 2});
    EXPECT_EQ(write_some(scripted, -1, bytes_of("12345"), deadline::min()).bytes, 3);
}

TEST_F(StreamIoTest, ADeadlineThatPassesTellsWhatWasMovedBefore) {
    will_answer({2, -EAGAIN});
    EXPECT_EQ(read_five(), (stream_result{stream_status::timed_out, 2}));
    will_answer({3, -EAGAIN});
    EXPECT_EQ(write_five(), (stream_result{stream_status::timed_out, 3}));
}

TEST_F(StreamIoTest, AnEndTellsWhatWasMovedBefore) {
    will_answer({4, 0});
    EXPECT_EQ(read_five(), (stream_result{stream_status::ended, 4}));
    will_answer({1, -EPIPE});
    EXPECT_EQ(write_five(), (stream_result{stream_status::ended, 1}));
}

TEST_F(StreamIoTest, ABrokenConnectionIsNoOrderlyEnd) {
    will_answer({1, -ECONNRESET});
    EXPECT_EQ(read_five(), (stream_result{stream_status::reset, 1}));
    will_answer({-ECONNRESET});
    EXPECT_EQ(write_five(), (stream_result{stream_status::reset, 0}));
}

TEST_F(StreamIoTest, NothingToMoveIsMovedWithoutACall) {
    will_answer({});
    EXPECT_EQ(read_some(scripted, -1, {}, never), stream_result{});
    EXPECT_EQ(write_all(scripted, -1, {}, never), stream_result{});
    EXPECT_EQ(asked, 0);
}

TEST_F(StreamIoTest, AnyOtherFailureIsAnErrorThatNamesTheStream) {
    will_answer({-EIO});
    EXPECT_EQ(complaint_of([&] { read_five(); }), "cannot read from stream: Input/output error");
    will_answer({-EIO});
    EXPECT_EQ(complaint_of([&] { write_five(); }), "cannot write to stream: Input/output error");
}

TEST_F(StreamIoTest, APeerThatAnswersNoMoreIsAnErrorThatSaysSo) {
    will_answer({-ETIMEDOUT});
    EXPECT_EQ(complaint_of([&] { read_five(); }),
              "cannot read from stream: Connection timed out; the peer answers no more: its "
              "machine or the network between is down");
}

}  // namespace
}  // namespace signet::os
