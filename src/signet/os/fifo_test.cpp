// SPDX-License-Identifier: Apache-2.0
#include <signet/os/fifo.hpp>

#include <signet/base/error.hpp>
#include <signet/os/child.hpp>
#include <signet/os/pipe.hpp>
#include <signet/os/process.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::forked_peer;
using testing::scripted_kernel;
using testing::temporary_directory;
using testing::text_buffer;

constexpr deadline now = deadline::min();
constexpr auto report = when_writers_go::report;

class FifoTest : public ::testing::Test {
protected:
    fifo_reader open_reader(when_writers_go then = when_writers_go::wait_for_next) {
        return fifo_reader::open(place_, "name", then);
    }
    std::optional<fifo_writer> open_writer(deadline until = now) {
        return fifo_writer::open(place_, "name", until);
    }
    unsigned mode_of_name() {
        struct stat file{};
        stat((root_.path() + "/name").c_str(), &file);
        return file.st_mode;
    }
    std::string read(fifo_reader& reader, std::size_t bytes) {
        text_buffer buffer{bytes};
        return buffer.first(reader.read_all(buffer.bytes(), never).bytes);
    }
    stream_status status_of(fifo_reader& reader) {
        return reader.read_some(buffer_.bytes(), now).status;
    }
    void write_and_go(std::string_view text) { open_writer()->write_all(bytes_of(text), never); }

    temporary_directory root_;
    directory place_ = directory::open(root_.path());
    text_buffer buffer_{8};
};

TEST_F(FifoTest, ItHasExactlyItsModeAndGoesWithItsOwner) {
    {
        const mode_t before = umask(0777);
        const fifo owner{place_, "name", 0620};
        umask(before);
        EXPECT_EQ(mode_of_name(), S_IFIFO | 0620U);
        EXPECT_FALSE(owner.was_stale());
    }
    EXPECT_TRUE(place_.list().empty());
}

TEST_F(FifoTest, ANameInUseSaysSo) {
    const fifo owner{place_, "name"};
    const std::string text = complaint_of([&] { fifo(place_, "name"); });
    EXPECT_NE(text.find("a running process owns that name"), std::string::npos) << text;
    EXPECT_EQ(mode_of_name(), S_IFIFO | 0600U);
}

TEST_F(FifoTest, SomethingElseOfThatNameIsLeftAlone) {
    std::ofstream{root_.path() + "/name"};
    EXPECT_EQ(complaint_of([&] { fifo(place_, "name"); }),
              "cannot use as a named pipe '" + root_.path() +
                  "/name': File exists; the name is taken by something else");
    EXPECT_EQ(place_.list(), std::vector<std::string>{"name"});
}

TEST_F(FifoTest, AnotherUsersPipeIsNotTakenOver) {
    mkfifo((root_.path() + "/name").c_str(), 0666);
    ASSERT_EQ(chown((root_.path() + "/name").c_str(), 65534, 65534), 0);
    const std::string text = complaint_of([&] { fifo(place_, "name"); });
    EXPECT_NE(text.find("user 65534 has one of that name there"), std::string::npos) << text;
    EXPECT_EQ(place_.list(), std::vector<std::string>{"name"});
}

TEST_F(FifoTest, ANameThatMeansSomethingElseByThenIsNotRemoved) {
    {
        const fifo owner{place_, "name"};
        place_.rename("name", "moved");
        std::ofstream{root_.path() + "/name"};
    }
    EXPECT_TRUE(place_.remove("name"));
}

TEST_F(FifoTest, AKilledOwnersNameIsTakenOverAndItsReaderStaysConnected) {
    pipe_ends ready = pipe_ends::create();
    forked_peer first{[&] {
        const fifo owner{place_, "name"};
        ready.writer.write_all(bytes_of("r"), never);
        testing::wait_to_be_killed();
        return 0;
    }};
    ready.reader.read_all(buffer_.bytes().first(1), never);
    fifo_reader reader = open_reader();
    first.kill();
    EXPECT_EQ(place_.list().size(), 2);
    const fifo second{place_, "name"};
    EXPECT_TRUE(second.was_stale());
    write_and_go("x");
    EXPECT_EQ(read(reader, 1), "x");
}

TEST_F(FifoTest, BytesGoFromTheWriterToTheReader) {
    const fifo owner{place_, "name"};
    fifo_reader reader = open_reader();
    std::optional<fifo_writer> writer = open_writer();
    ASSERT_TRUE(writer);
    EXPECT_EQ(writer->write_some(bytes_of("hello"), now).bytes, 5);
    EXPECT_EQ(read(reader, 5), "hello");
    EXPECT_EQ(fcntl(reader.fd(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(fcntl(writer->fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(FifoTest, AReaderOutlivesItsWriters) {
    const fifo owner{place_, "name"};
    fifo_reader reader = open_reader();
    write_and_go("one");
    write_and_go("two");
    EXPECT_EQ(read(reader, 6), "onetwo");
    EXPECT_EQ(status_of(reader), stream_status::timed_out);
}

TEST_F(FifoTest, AReaderWithOneEndIsToldOfItEachTime) {
    const fifo owner{place_, "name"};
    fifo_reader reader = open_reader(when_writers_go::end);
    const int watched = reader.fd();
    EXPECT_EQ(status_of(reader), stream_status::timed_out);
    write_and_go("x");
    EXPECT_EQ(read(reader, 1), "x");
    EXPECT_EQ(status_of(reader), stream_status::ended);
    EXPECT_EQ(status_of(reader), stream_status::ended);
    EXPECT_EQ(reader.fd(), watched);
}

TEST_F(FifoTest, AWriterThatCameAndWroteNothingIsAnEndWithoutWaiting) {
    const fifo owner{place_, "name"};
    fifo_reader reader = open_reader(when_writers_go::end);
    write_and_go("");
    EXPECT_EQ(status_of(reader), stream_status::ended);
}

TEST_F(FifoTest, WhatIsWrittenWaitsForATaker) {
    const fifo owner{place_, "name"};
    auto writer = [&] {
        const fifo_reader first = open_reader(report);
        return open_writer();
    }();
    EXPECT_TRUE(writer->wait_for_taker(now));  // of nothing
    {
        const fifo_reader first = open_reader(report);
        writer->write_all(bytes_of("x"), never);
    }
    EXPECT_EQ(writer->unread_bytes(), 1);
    EXPECT_FALSE(writer->wait_for_taker(after(1ms)));
    const fifo_reader second = open_reader(report);
    EXPECT_TRUE(writer->wait_for_taker(never));
}

TEST_F(FifoTest, ATakerMayBeGoneAgain) {
    const fifo owner{place_, "name"};
    std::optional<fifo_reader> first = open_reader(report);
    auto writer = open_writer();
    writer->write_all(bytes_of("x"), never);
    first.reset();
    std::jthread taker{[&] {
        fifo_reader second = open_reader(report);
        read(second, 1);
    }};
    EXPECT_TRUE(writer->wait_for_taker(never));
}

TEST_F(FifoTest, AFailureToWatchForATakerIsAnError) {
    const fifo owner{place_, "name"};
    const fifo_reader reader = open_reader(report);
    const auto writer = open_writer();
    for (const long call : {SYS_inotify_init1, SYS_inotify_add_watch, SYS_ppoll}) {
        scripted_kernel script;
        script.fail(call, EMFILE);
        EXPECT_NE(complaint_of([&] { writer->wait_for_taker(now); }), "no error");
    }
    scripted_kernel script;
    script.fail(SYS_ioctl, EINVAL);
    EXPECT_NE(complaint_of([&] { writer->unread_bytes(); }), "no error");
}

TEST_F(FifoTest, AReaderThatWantsToKnowIsToldOfEachEndOnce) {
    const fifo owner{place_, "name"};
    fifo_reader reader = open_reader(report);
    EXPECT_EQ(status_of(reader), stream_status::timed_out);
    for (const char* text : {"one", "two"}) {
        write_and_go(text);
        EXPECT_EQ(reader.read_all(buffer_.bytes(), never),
                  (stream_result{stream_status::ended, 3}));
        EXPECT_EQ(buffer_.first(3), text);
        EXPECT_EQ(status_of(reader), stream_status::timed_out);
    }
}

TEST_F(FifoTest, AWriterThatWroteNothingIsAnEndToo) {
    const fifo owner{place_, "name"};
    fifo_reader reader = open_reader(report);
    open_writer();
    EXPECT_EQ(reader.read_some(buffer_.bytes(), never).status, stream_status::ended);
    EXPECT_EQ(reader.read_some(buffer_.bytes(), after(1ms)).status, stream_status::timed_out);
    EXPECT_EQ(reader.read_some({}, never), stream_result{});
}

TEST_F(FifoTest, WithoutAReaderAWriterGivesUpAtItsDeadline) {
    const fifo owner{place_, "name"};
    for (const deadline until : {now, deadline{}, after(1ms)}) EXPECT_FALSE(open_writer(until));
}

TEST_F(FifoTest, AWriterWaitsForAReaderOfAnotherProcess) {
    const fifo owner{place_, "name"};
    for (const deadline until : {never, after(60s)}) {
        forked_peer peer{[&] {
            fifo_reader reader = open_reader();
            return read(reader, 2) == "hi" ? 0 : 1;
        }};
        EXPECT_EQ(open_writer(until)->write_all(bytes_of("hi"), never).bytes, 2);
        EXPECT_EQ(peer.exit_code(), 0);
    }
}

TEST_F(FifoTest, AReaderThatHangsInItsOpenIsFound) {
    const fifo owner{place_, "name"};
    pipe_ends output = pipe_ends::create();
    child cat =
        child::spawn({"cat", root_.path() + "/name"}, {.standard_output = output.writer.fd()});
    open_writer(after(60s))->write_all(bytes_of("meow"), never);
    output.reader.read_all(buffer_.bytes().first(4), never);
    EXPECT_EQ(buffer_.first(4), "meow");
    EXPECT_EQ(cat.handle().wait(never)->value, 0);
}

TEST_F(FifoTest, AKilledReaderIsTheEndForItsWriter) {
    const fifo owner{place_, "name"};
    forked_peer peer{[&] {
        const fifo_reader reader = open_reader();
        testing::wait_to_be_killed();
        return 0;
    }};
    std::optional<fifo_writer> writer = open_writer(after(60s));
    EXPECT_EQ(writer->write_all(bytes_of("lost"), never).bytes, 4);
    peer.kill();
    EXPECT_EQ(writer->write_all(bytes_of("x"), never).status, stream_status::ended);
}

TEST_F(FifoTest, AKilledWriterLeavesWhatItHadWrittenThenTheEnd) {
    const fifo owner{place_, "name"};
    fifo_reader reader = open_reader(report);
    forked_peer peer{[&] {
        std::optional<fifo_writer> writer = open_writer();
        writer->write_all(bytes_of("torn"), never);
        testing::wait_to_be_killed();
        return 0;
    }};
    EXPECT_EQ(read(reader, 4), "torn");
    EXPECT_EQ(status_of(reader), stream_status::timed_out);
    peer.kill();
    EXPECT_EQ(status_of(reader), stream_status::ended);
}

TEST_F(FifoTest, TooManyWatchesSayWhatToRaise) {
    const fifo owner{place_, "name"};
    scripted_kernel script;
    script.fail(SYS_inotify_init1, EMFILE);
    const std::string text = complaint_of([&] { open_writer(after(20s)); });
    EXPECT_NE(text.find("raise /proc/sys/fs/inotify/max_user_instances"), std::string::npos);
}

TEST_F(FifoTest, InterruptionsAreNotSeen) {
    const fifo owner{place_, "name"};
    fifo_reader reader = open_reader(report);
    scripted_kernel script;
    script.interrupt(SYS_openat, 2).interrupt(SYS_ppoll, 2).interrupt(SYS_pwritev2, 2);
    script.interrupt(SYS_read, 2);
    write_and_go("x");
    EXPECT_EQ(read(reader, 1), "x");
}

TEST_F(FifoTest, EachCallThatFailsIsAnErrorOrOneOfCleaningUp) {
    const auto use = [&] {
        const fifo owner{place_, "name"};
        fifo_reader reader = open_reader(report);
        write_and_go("x");
        reader.read_all(buffer_.bytes(), never);
    };
    const std::vector<long> survived = fail_each_call(EMFILE, use);
    for (const long number : survived) {
        EXPECT_TRUE(number == SYS_close || number == SYS_unlinkat || number == SYS_fstat ||
                    number == SYS_newfstatat || number == SYS_mknodat || number == SYS_fcntl ||
                    number == SYS_openat)
            << number;
    }
    EXPECT_EQ(std::count(survived.begin(), survived.end(), SYS_openat), 1);  // once more, to wait
}

TEST_F(FifoTest, AReadThatWaitsIsOneCallOnceAWriterIsKnown) {
    const fifo owner{place_, "name"};
    fifo_reader reader = open_reader(when_writers_go::end);
    auto writer = open_writer();
    for (int i = 0; i < 2; ++i) {  // the second one without looking first
        writer->write_all(bytes_of("x"), never);
        EXPECT_EQ(read(reader, 1), "x");
    }
    const forked_peer late{[&] { return writer->write_all(bytes_of("y"), never), 0; }};
    scripted_kernel script;
    script.fail(SYS_ppoll, EINVAL);
    EXPECT_EQ(read(reader, 1), "y");
}

TEST_F(FifoTest, AReadWaitsByPollAtTheLimitOfOpenFiles) {
    const fifo owner{place_, "name"};
    fifo_reader reader = open_reader(when_writers_go::end);
    write_and_go("x");
    EXPECT_EQ(read(reader, 1), "x");
    scripted_kernel script;
    script.fail(SYS_openat, EMFILE);
    EXPECT_EQ(reader.read_some(buffer_.bytes(), never).status, stream_status::ended);
    EXPECT_EQ(reader.read_some(buffer_.bytes(), never).status, stream_status::ended);
}

TEST_F(FifoTest, WaitingForAReaderFailsWithAnErrorAtEachOfItsCalls) {
    const fifo owner{place_, "name"};
    const std::vector<long> survived = fail_each_call(EMFILE, [&] { open_writer(after(1ms)); });
    EXPECT_EQ(survived, (std::vector<long>{SYS_read, SYS_close}));
}

}  // namespace
}  // namespace signet::os
