// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/file/file_carrier.hpp>

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/record_file.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <future>

#include <unistd.h>

namespace signet::transport::log_file {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::forked_peer;
using testing::text_of;

class FileCarrier : public ::testing::Test {
protected:
    raw_channel writer() { return *raw_listener{where_}.accept(); }
    void write(std::string_view text) { writer().send(bytes_of(text)); }

    /// Writes in another process, which is then killed.
    void write_and_die(std::string_view text) {
        forked_peer victim{[&] {
            raw_channel line = writer();
            line.send(bytes_of(text));
            kill(getpid(), SIGKILL);
            return 0;
        }};
        EXPECT_EQ(victim.exit_code(), 128 + SIGKILL);
    }

    testing::temporary_directory place_;
    const std::string path_ = place_.path() + "/log";
    const std::string where_ = "file://" + path_;
};

std::string next_text(raw_channel& from) {
    const auto got = from.receive();
    return got ? text_of(got->bytes) : "nothing";
}

TEST_F(FileCarrier, AnEndedLogIsReadByAnyNumber) {
    write("kept");
    for (int i = 0; i < 3; ++i) {
        raw_channel reader{where_};
        EXPECT_EQ(next_text(reader), "kept");
        EXPECT_EQ(next_text(reader), "nothing");
        EXPECT_TRUE(reader.ended());
    }
}

TEST_F(FileCarrier, AllWritersOfALogAreReadInARow) {
    write("one");
    write_and_die("two");
    write("three");
    raw_channel reader{where_};
    for (const char* text : {"one", "two", "three", "nothing"}) EXPECT_EQ(next_text(reader), text);
}

TEST_F(FileCarrier, ReadersGoOnWithTheNextWriterAfterADeath) {
    write_and_die("before");
    raw_channel reader{where_};
    EXPECT_EQ(next_text(reader), "before");
    EXPECT_NE(complaint_of([&] { reader.receive(); }).find("ended without closing"),
              std::string::npos);
    raw_channel next = writer();
    next.send(bytes_of("after"));
    EXPECT_EQ(next_text(reader), "after");
}

TEST_F(FileCarrier, AReceiveThatWaitsIsEndedByADeath) {
    forked_peer victim{[&] {
        const raw_channel line = writer();
        return testing::wait_to_be_killed(), 0;
    }};
    std::optional<raw_channel> reader;
    testing::eventually(
        [&] { return complaint_of([&] { reader.emplace(where_); }) == "no error"; });
    auto end =
        std::async(std::launch::async, [&] { return complaint_of([&] { reader->receive(); }); });
    victim.kill();
    EXPECT_NE(end.get().find("ended without closing"), std::string::npos);
}

TEST_F(FileCarrier, AReceiveThatWaitsIsEndedByAnEnd) {
    std::optional<raw_channel> line = writer();
    raw_channel reader{where_};
    auto end = std::async(std::launch::async, [&] { return next_text(reader); });
    line.reset();
    EXPECT_EQ(end.get(), "nothing");
}

TEST_F(FileCarrier, FromTheEndComesWhatIsNew) {
    raw_channel line = writer();
    line.send(bytes_of("old"));
    raw_channel reader{where_ + "?from=end"};
    line.send(bytes_of("new"));
    EXPECT_EQ(next_text(reader), "new");
}

TEST_F(FileCarrier, ADescriptorTellsOfWhatCameBeforeItWasAskedFor) {
    raw_channel line = writer();
    raw_channel reader{where_};
    EXPECT_FALSE(reader.try_receive());
    line.send(bytes_of("early"));
    EXPECT_TRUE(os::wait_readable(reader.fd(), after(60s)));
    EXPECT_EQ(next_text(reader), "early");
}

TEST_F(FileCarrier, HasOneWriterAtATime) {
    raw_listener door{where_};
    std::optional<raw_channel> line = door.accept();
    EXPECT_NE(complaint_of([&] { door.try_accept(); }).find("accepted already"), std::string::npos);
    EXPECT_NE(complaint_of([&] { raw_listener{where_}; }).find("living process writes"),
              std::string::npos);
    line.reset();
    EXPECT_TRUE(door.try_accept());
}

TEST_F(FileCarrier, AFileThatTookItsPlaceIsReadNext) {
    write("first");
    raw_channel reader{where_};
    EXPECT_EQ(next_text(reader), "first");
    unlink(path_.c_str());
    write("second");
    EXPECT_EQ(next_text(reader), "second");
}

TEST_F(FileCarrier, ARecordThatIsNoneOfALogIsRefused) {
    os::record_writer raw{path_};
    raw.append(bytes_of("\x07what"));
    EXPECT_NE(complaint_of([&] { raw_channel{where_}; }).find("of no kind"), std::string::npos);
    raw.clear();
    raw.append({});
    EXPECT_NE(complaint_of([&] { raw_channel{where_}; }).find("has no kind"), std::string::npos);
    raw.clear();
    raw.append(bytes_of(std::string("\x01", 1) + "short"));
    EXPECT_NE(complaint_of([&] { raw_channel{where_}; }).find("who writes"), std::string::npos);
}

TEST_F(FileCarrier, RefusesWhatIsNoLog) {
    EXPECT_NE(complaint_of([&] { raw_channel{where_ + "?from=middle"}; }).find("use file:///path"),
              std::string::npos);
    EXPECT_NE(complaint_of([&] { raw_channel{where_}; }).find("no such log"), std::string::npos);
    EXPECT_NE(
        complaint_of([&] { raw_listener{where_, {.frames = framing::lines}}; }).find("unix://"),
        std::string::npos);
}

}  // namespace
}  // namespace signet::transport::log_file
