// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/pipe/pipe_carrier.hpp>

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/os/pipe.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/text_bytes.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace signet::transport::pipe {
namespace {

using testing::bytes_of;
using testing::complaint_of;
using testing::forked_peer;
using testing::text_of;

const channel_options line_by_line{.frames = framing::lines};

/// Duplicates the descriptor to a number that nobody owns, as if this process had inherited it.
std::string inherited(int fd) {
    return std::to_string(fcntl(fd, F_DUPFD, 30));
}

/// A process that talks over `pipe:`, and our ends of its pipes.
struct piped_process {
    os::pipe_ends input = os::pipe_ends::create();
    os::pipe_ends output = os::pipe_ends::create();
    forked_peer peer;

    explicit piped_process(const std::function<int()>& body)
        : peer{[&] {
              dup2(input.reader.fd(), STDIN_FILENO);
              dup2(output.writer.fd(), STDOUT_FILENO);
              input.reader.close();
              input.writer.close();
              output.reader.close();
              output.writer.close();
              return body();
          }} {
        input.reader.close();
        output.writer.close();
    }

    raw_channel talk(const channel_options& options = {}) {
        return raw_channel{
            "pipe:" + inherited(output.reader.fd()) + ',' + inherited(input.writer.fd()), options};
    }
};

int echo() {
    raw_channel line{"pipe:"};
    while (auto got = line.receive()) line.send(got->bytes);
    return 0;
}

TEST(PipeCarrier, TalksOverStandardInputAndOutput) {
    piped_process other{&echo};
    raw_channel line = other.talk();
    line.send(bytes_of("hello"));
    EXPECT_EQ(text_of(line.receive()->bytes), "hello");
}

TEST(PipeCarrier, DoesNotTakeAStrayPrintForAMessage) {
    piped_process other{[] {
        raw_channel line{"pipe:"};
        const bool printed = write(STDOUT_FILENO, "stray", 5) == 5;
        line.send(bytes_of("message"));
        return printed ? 0 : 1;
    }};
    raw_channel line = other.talk();
    EXPECT_EQ(text_of(line.receive()->bytes), "message");
    EXPECT_EQ(other.peer.exit_code(), 0);
}

TEST(PipeCarrier, TellsADeathFromAnEnd) {
    piped_process other{[] {
        raw_channel line{"pipe:"};
        line.send(bytes_of("last words"));
        testing::wait_to_be_killed();
        return 0;
    }};
    raw_channel line = other.talk();
    other.input.writer.close();
    EXPECT_EQ(text_of(line.receive()->bytes), "last words");
    other.peer.kill();
    other.output.reader.close();
    EXPECT_NE(complaint_of([&] { line.receive(); }).find("ended without closing"),
              std::string::npos);
}

TEST(PipeCarrier, SpeaksLinesWithWhoKnowsNothingOfSignet) {
    os::pipe_ends there = os::pipe_ends::create();
    os::pipe_ends back = os::pipe_ends::create();
    raw_channel line{"pipe:" + inherited(there.reader.fd()) + ',' + inherited(back.writer.fd()),
                     line_by_line};
    there.writer.write_all(bytes_of("one\ntwo"), never);
    there.writer.close();
    EXPECT_EQ(text_of(line.receive()->bytes), "one");
    EXPECT_EQ(text_of(line.receive()->bytes), "two");
    EXPECT_FALSE(line.receive());
}

TEST(PipeCarrier, ChangesNothingWhereADescriptorIsNoPipe) {
    os::pipe_ends ends = os::pipe_ends::create();
    const std::string good = inherited(ends.reader.fd());
    const os::descriptor nothing{open("/dev/null", O_RDWR | O_CLOEXEC)};
    const std::string text = complaint_of(
        [&] { raw_channel{"pipe:" + good + ',' + std::to_string(nothing.get()), line_by_line}; });
    EXPECT_NE(text.find("are to be pipes"), std::string::npos) << text;
    EXPECT_GE(fcntl(std::stoi(good), F_GETFD), 0);
}

TEST(PipeCarrier, SaysWhatIsWrongWithAnAddress) {
    for (const char* bad : {"pipe:x", "pipe:3", "pipe:3,", "pipe:3,4,5", "pipe:3,3", "pipe:-1,4"}) {
        EXPECT_NE(complaint_of([&] { raw_channel{bad, line_by_line}; }).find("pipe"),
                  std::string::npos);
    }
    EXPECT_NE(complaint_of([] { raw_listener{"pipe:"}; }).find("already"), std::string::npos);
}

}  // namespace
}  // namespace signet::transport::pipe
