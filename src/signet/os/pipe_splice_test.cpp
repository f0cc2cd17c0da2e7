// SPDX-License-Identifier: Apache-2.0
#include <signet/os/pipe_splice.hpp>

#include <signet/base/error.hpp>
#include <signet/os/memfd.hpp>
#include <signet/os/unix_stream.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace signet::os {
namespace {

using testing::bytes_of;
using testing::complaint_of;
using testing::scripted_kernel;
using testing::text_buffer;

constexpr deadline now = deadline::min();

class PipeSpliceTest : public ::testing::Test {
protected:
    void write(std::string_view text) { one_.writer.write_all(bytes_of(text), never); }

    pipe_ends one_ = pipe_ends::create();
    pipe_ends two_ = pipe_ends::create();
};

std::string text_in(pipe_ends& pipe) {
    text_buffer buffer{64};
    const std::size_t count = pipe.reader.read_some(buffer.bytes(), now).bytes;
    return buffer.first(count);
}

TEST_F(PipeSpliceTest, BytesMoveFromAPipeToASocket) {
    auto [here, there] = unix_stream_socket::pair();
    write("moved");
    EXPECT_EQ(splice_from(one_.reader, here.fd(), 100, never).bytes, 5);
    text_buffer buffer{5};
    EXPECT_EQ(there.read_all(buffer.bytes(), now).bytes, 5);
    EXPECT_EQ(buffer.text, "moved");
    EXPECT_EQ(one_.reader.unread_bytes(), 0);
}

TEST_F(PipeSpliceTest, BytesMoveFromAFileToAPipe) {
    const descriptor file = create_memfd("splice", 3);
    ASSERT_EQ(pwrite(file.get(), "abc", 3, 0), 3);
    EXPECT_EQ(splice_into(file.get(), one_.writer, 100, never).bytes, 3);
    EXPECT_EQ(text_in(one_), "abc");
    EXPECT_EQ(splice_into(file.get(), one_.writer, 100, never).status, stream_status::ended);
}

TEST_F(PipeSpliceTest, ATeeLeavesTheBytesWhereTheyWere) {
    write("twice");
    EXPECT_EQ(tee(one_.reader, two_.writer, 100, never).bytes, 5);
    EXPECT_EQ(text_in(one_), "twice");
    EXPECT_EQ(text_in(two_), "twice");
}

TEST_F(PipeSpliceTest, LentMemoryIsReadAsItIsThen) {
    static std::string lent(4096, 'a');
    EXPECT_EQ(vmsplice(one_.writer, bytes_of(lent), never).bytes, 4096);
    lent[0] = 'b';
    EXPECT_EQ(text_in(one_).substr(0, 2), "ba");
}

TEST_F(PipeSpliceTest, AnEmptyPipeAndAFullOneAreWaitedForUntilTheDeadline) {
    const deadline soon = after(std::chrono::milliseconds{1});
    for (const deadline until : {now, deadline{}, soon}) {
        const auto status = splice_from(one_.reader, two_.writer.fd(), 1, until).status;
        EXPECT_EQ(status, stream_status::timed_out);
    }
    write(std::string(65536, 'x'));
    const std::string more = "more";
    EXPECT_EQ(vmsplice(one_.writer, bytes_of(more), soon).status, stream_status::timed_out);
}

TEST_F(PipeSpliceTest, TheEndOfAPipeAndAMissingReaderAreNoSignal) {
    two_.reader.close();
    write("x");
    EXPECT_EQ(splice_from(one_.reader, two_.writer.fd(), 1, never).status, stream_status::ended);
    EXPECT_EQ(tee(one_.reader, two_.writer, 1, never).status, stream_status::ended);
    EXPECT_EQ(vmsplice(two_.writer, bytes_of("x"), never).status, stream_status::ended);
    one_.writer.close();
    text_in(one_);
    auto [here, there] = unix_stream_socket::pair();
    EXPECT_EQ(splice_from(one_.reader, here.fd(), 1, never).status, stream_status::ended);
}

TEST_F(PipeSpliceTest, NothingToMoveIsMovedWithoutACall) {
    EXPECT_EQ(splice_from(one_.reader, -1, 0, never), stream_result{});
    EXPECT_EQ(tee(one_.reader, two_.writer, 0, never), stream_result{});
    EXPECT_EQ(vmsplice(two_.writer, {}, never), stream_result{});
}

TEST_F(PipeSpliceTest, InterruptionsAreNotSeenAndOtherFailuresAreErrors) {
    write("x");
    scripted_kernel script;
    script.interrupt(SYS_tee, 2).fail(SYS_splice, ECONNRESET, 1).fail(SYS_splice, EIO, 2);
    EXPECT_EQ(tee(one_.reader, two_.writer, 1, never).bytes, 1);
    EXPECT_EQ(splice_from(one_.reader, 0, 1, never).status, stream_status::reset);
    EXPECT_EQ(complaint_of([&] { splice_from(one_.reader, 0, 1, never); }),
              "cannot splice: Input/output error");
}

}  // namespace
}  // namespace signet::os
