// SPDX-License-Identifier: Apache-2.0
#include <signet/os/pipe.hpp>

#include <signet/base/error.hpp>
#include <signet/os/child.hpp>
#include <signet/os/event.hpp>
#include <signet/os/kernel_setting.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/text_bytes.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::forked_peer;
using testing::scripted_kernel;
using testing::text_buffer;

constexpr deadline now = deadline::min();

class PipeTest : public ::testing::Test {
protected:
    std::string read(std::size_t bytes) {
        text_buffer buffer{bytes};
        const stream_result result = pipe_.reader.read_all(buffer.bytes(), never);
        return buffer.first(result.bytes);
    }

    pipe_ends pipe_ = pipe_ends::create();
    pipe_ends packets_ = pipe_ends::create(pipe_mode::packets);
    text_buffer buffer_{8};
};

TEST_F(PipeTest, WhatIsWrittenIsReadWithoutBoundaries) {
    pipe_.writer.write_all(bytes_of("one"), never);
    pipe_.writer.write_all(bytes_of("two"), never);
    EXPECT_EQ(pipe_.reader.unread_bytes(), 6);
    EXPECT_EQ(read(4), "onet");
    EXPECT_EQ(pipe_.reader.read_some(buffer_.bytes(), now).bytes, 2);
}

TEST_F(PipeTest, BothEndsAreClosedByExec) {
    EXPECT_EQ(fcntl(pipe_.reader.fd(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(fcntl(packets_.writer.fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(PipeTest, ReadingAndWritingGiveUpAtADeadline) {
    const std::string more(70'000, 'x');
    for (const deadline until : {now, deadline{}, after(1ms)}) {
        EXPECT_EQ(pipe_.reader.read_some(buffer_.bytes(), until).status, stream_status::timed_out);
    }
    const stream_result partly{stream_status::timed_out, 65536};
    EXPECT_EQ(pipe_.writer.write_all(bytes_of(more), after(1ms)), partly);
    EXPECT_EQ(pipe_.writer.write_some(bytes_of(more), now).status, stream_status::timed_out);
}

TEST_F(PipeTest, AfterTheLastWriterTheRestIsReadAndThenTheEnd) {
    pipe_.writer.write_all(bytes_of("rest"), never);
    pipe_.writer.close();
    const stream_result rest{stream_status::ended, 4};
    EXPECT_EQ(pipe_.reader.read_all(buffer_.bytes(), never), rest);
}

TEST_F(PipeTest, WithoutAReaderNobodyIsWrittenTo) {
    pipe_.reader.close();
    const stream_result ended{stream_status::ended, 0};
    EXPECT_EQ(pipe_.writer.write_all(bytes_of("x"), never), ended);
}

TEST_F(PipeTest, ABlockedWriterGoesOnWhenTheOtherProcessReads) {
    const std::string large(1 << 20, 'x');
    forked_peer peer{[&] {
        pipe_.writer.close();
        return read(large.size()) == large ? 0 : 1;
    }};
    EXPECT_EQ(pipe_.writer.write_all(bytes_of(large), never).bytes, large.size());
    EXPECT_EQ(peer.exit_code(), 0);
}

TEST_F(PipeTest, AKilledWriterLeavesWhatItHadWrittenThenTheEnd) {
    forked_peer peer{[&] {
        pipe_.writer.write_all(bytes_of("torn"), never);
        testing::wait_to_be_killed();
        return 0;
    }};
    pipe_.writer.close();
    EXPECT_EQ(read(4), "torn");
    EXPECT_EQ(pipe_.reader.read_some(buffer_.bytes(), now).status, stream_status::timed_out);
    peer.kill();
    EXPECT_EQ(pipe_.reader.read_some(buffer_.bytes(), never).status, stream_status::ended);
}

TEST_F(PipeTest, AKilledReaderIsTheEndForItsWriter) {
    forked_peer peer{[]() -> int { testing::wait_to_be_killed(); }};
    pipe_.reader.close();
    EXPECT_EQ(pipe_.writer.write_all(bytes_of("x"), never).status, stream_status::moved);
    peer.kill();
    EXPECT_EQ(pipe_.writer.write_all(bytes_of("x"), never).status, stream_status::ended);
}

TEST_F(PipeTest, PacketsKeepTheirBoundaries) {
    packets_.writer.write_packet(bytes_of("one"), never);
    packets_.writer.write_packet(bytes_of("three"), never);
    EXPECT_EQ(packets_.reader.read_packet(buffer_.bytes(), never).bytes, 3);
    EXPECT_EQ(packets_.reader.read_packet(buffer_.bytes(), after(20s)).bytes, 5);
    EXPECT_EQ(buffer_.first(5), "three");
    EXPECT_EQ(packets_.reader.read_packet(buffer_.bytes(), now).status, stream_status::timed_out);
    packets_.writer.close();
    EXPECT_EQ(packets_.reader.read_packet(buffer_.bytes(), never).status, stream_status::ended);
}

TEST_F(PipeTest, APacketLongerThanTheBufferIsTruncatedAndSaysSo) {
    packets_.writer.write_packet(bytes_of(std::string(pipe_atomic_bytes, 'x')), never);
    packets_.writer.write_packet(bytes_of("next"), never);
    const packet_result first = packets_.reader.read_packet(buffer_.bytes(), never);
    EXPECT_TRUE(first.truncated);
    EXPECT_EQ(first.bytes, 8);
    EXPECT_FALSE(packets_.reader.read_packet(buffer_.bytes(), never).truncated);
    EXPECT_EQ(buffer_.first(4), "next");
}

TEST_F(PipeTest, AnOlderKernelAndAnInterruptionDoNotChangePackets) {
    scripted_kernel script;
    script.interrupt(SYS_readv, 2);
    for (int nth = 1; nth <= 4; ++nth) script.fail(SYS_preadv2, EOPNOTSUPP, nth);
    EXPECT_EQ(packets_.reader.read_packet(buffer_.bytes(), now).status, stream_status::timed_out);
    packets_.writer.write_packet(bytes_of("one"), never);
    EXPECT_EQ(packets_.reader.read_packet(buffer_.bytes(), now).bytes, 3);
}

TEST_F(PipeTest, WhatAModeDoesNotHaveBreaksTheContract) {
    EXPECT_THROW(packets_.reader.read_some(buffer_.bytes(), now), contract_violation);
    EXPECT_THROW(packets_.writer.write_all(bytes_of("x"), now), contract_violation);
    EXPECT_THROW(pipe_.reader.read_packet(buffer_.bytes(), now), contract_violation);
    EXPECT_THROW(pipe_.writer.write_packet(bytes_of("x"), now), contract_violation);
    EXPECT_THROW(packets_.writer.write_packet({}, now), contract_violation);
    const std::string large(pipe_atomic_bytes + 1, 'x');
    EXPECT_THROW(packets_.writer.write_packet(bytes_of(large), now), contract_violation);
}

TEST_F(PipeTest, ItsCapacityCanBeChosen) {
    EXPECT_EQ(pipe_.reader.set_capacity(100'000), 131'072);
    EXPECT_EQ(pipe_.writer.capacity(), 131'072);
}

TEST_F(PipeTest, ItIsWidenedAsFarAsTheSystemAllows) {
    const std::size_t before = pipe_.writer.capacity();
    widen_pipe(pipe_.reader.fd(), 1);
    EXPECT_EQ(pipe_.writer.capacity(), before);
    for (const int nth : {1, 2}) {
        scripted_kernel script;
        script.fail(SYS_fcntl, EPERM, nth);
        widen_pipe(pipe_.reader.fd(), 2 * before);
    }
    EXPECT_EQ(pipe_.writer.capacity(), before);
    widen_pipe(pipe_.reader.fd(), 2 * before);
    EXPECT_EQ(pipe_.writer.capacity(), 2 * before);
}

TEST_F(PipeTest, BeyondTheLimitTheTextNamesItAndItsValue) {
    const std::string most = std::to_string(pipe_capacity_max());
    EXPECT_EQ(most, std::to_string(*kernel_setting("/proc/sys/fs/pipe-max-size")));
    scripted_kernel script;
    script.fail(SYS_fcntl, EPERM);
    const std::string text = complaint_of([&] { pipe_.writer.set_capacity(2 << 20); });
    EXPECT_NE(text.find("cannot set the capacity of a pipe '2097152 bytes': Operation not "
                        "permitted; ask for less, or raise /proc/sys/fs/pipe-max-size, now " +
                        most),
              std::string::npos)
        << text;
}

TEST_F(PipeTest, WithoutThatSettingTheUsualLimitIsTold) {
    scripted_kernel script;
    script.fail(SYS_openat, ENOENT);
    EXPECT_EQ(pipe_capacity_max(), 1 << 20);
}

TEST_F(PipeTest, ACapacityBelowWhatItHoldsIsRefused) {
    pipe_.writer.write_all(bytes_of(std::string(60'000, 'x')), never);
    EXPECT_EQ(complaint_of([&] { pipe_.writer.set_capacity(4096); }),
              "cannot set the capacity of a pipe '4096 bytes': Device or resource busy; "
              "read what it holds first");
}

TEST_F(PipeTest, AChildsStandardOutputIsRead) {
    {
        const child echo = child::spawn({"echo", "hello"}, {.standard_output = pipe_.writer.fd()});
        EXPECT_EQ(read(6), "hello\n");
    }
    pipe_.writer.close();
    EXPECT_EQ(pipe_.reader.read_some(buffer_.bytes(), never).status, stream_status::ended);
}

TEST_F(PipeTest, AnInheritedEndIsTakenOverWithItsMode) {
    pipe_writer writer = pipe_writer::adopt(duplicate(packets_.writer.fd()));
    EXPECT_EQ(writer.write_packet(bytes_of("x"), now).bytes, 1);
    pipe_reader reader = pipe_reader::adopt(duplicate(packets_.reader.fd()), pipe_mode::packets);
    EXPECT_EQ(reader.read_packet(buffer_.bytes(), now).bytes, 1);
}

TEST_F(PipeTest, WhatIsNoPipeIsNotTakenOver) {
    EXPECT_EQ(complaint_of([] { pipe_reader::adopt(duplicate(event{}.fd())); }),
              "cannot use descriptor as a pipe: Invalid argument; it is no pipe");
}

TEST_F(PipeTest, InterruptionsAreNotSeen) {
    scripted_kernel script;
    script.interrupt(SYS_read, 2).interrupt(SYS_pwritev2, 2).interrupt(SYS_preadv2, 2);
    EXPECT_EQ(pipe_.writer.write_all(bytes_of("1"), never).bytes, 1);
    EXPECT_EQ(pipe_.reader.read_some(buffer_.bytes(), now).bytes, 1);
    EXPECT_EQ(pipe_.writer.write_all(bytes_of("2"), now).bytes, 1);
    EXPECT_EQ(pipe_.reader.read_some(buffer_.bytes(), never).bytes, 1);
}

TEST_F(PipeTest, EachCallThatFailsIsAnError) {
    const auto use = [this] {
        pipe_ends one = pipe_ends::create();
        pipe_writer writer = pipe_writer::adopt(duplicate(one.writer.fd()));
        writer.set_capacity(writer.capacity());
        writer.write_all(bytes_of("x"), never);
        one.reader.unread_bytes();
        one.reader.read_all(buffer_.bytes().first(1), never);
        pipe_ends two = pipe_ends::create(pipe_mode::packets);
        two.writer.write_packet(bytes_of("x"), never);
        two.reader.read_packet(buffer_.bytes(), never);
    };
    EXPECT_EQ(fail_each_call(EMFILE, use), std::vector<long>{SYS_close});
}

}  // namespace
}  // namespace signet::os
