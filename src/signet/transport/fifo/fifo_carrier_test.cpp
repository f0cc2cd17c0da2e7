// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/fifo/fifo_carrier.hpp>

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/fifo.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <future>
#include <string>
#include <thread>

namespace signet::transport::fifo {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::forked_peer;
using testing::text_of;

const channel_options lines{.frames = framing::lines};

std::string next_text(raw_channel& from) {
    const auto got = from.receive();
    return got ? text_of(got->bytes) : "nothing";
}

class FifoCarrierTest : public ::testing::Test {
protected:
    std::string path() const { return root_.path() + "/end"; }
    std::string address() const { return "fifo://" + path(); }

    /// As `echo text > path` does.
    void write_to(const std::string& name, const std::string& text) const {
        std::ofstream{name} << text << '\n';
    }
    static std::string line_from(const std::string& name) {
        std::string line;
        std::ifstream file{name};
        std::getline(file, line);
        return line;
    }
    std::future<std::unique_ptr<raw_channel>> connect() const {
        return std::async(std::launch::async,
                          [to = address()] { return std::make_unique<raw_channel>(to); });
    }

    testing::temporary_directory root_;
    os::directory place_ = os::directory::open(root_.path());
};

// ---- Signet at both ends ------------------------------------------------------------------------

TEST_F(FifoCarrierTest, LeavesNoNameButTheListenersOnceTheyHaveMet) {
    raw_listener door{address()};
    auto connecting = connect();
    auto server = door.accept();
    const auto client = connecting.get();
    EXPECT_EQ(place_.list().size(), 2u);  // the pipe and its lock
    client->send(bytes_of("still there"));
    EXPECT_EQ(next_text(*server), "still there");
}

TEST_F(FifoCarrierTest, LeavesNoNameWhereNobodyAccepts) {
    raw_listener door{address()};
    EXPECT_NE(complaint_of([&] {
                  raw_channel{address(), {.handshake_limit = 1ms}};
              }).find("did not say hello in time"),
              std::string::npos);
    EXPECT_EQ(place_.list().size(), 2u);
    auto connecting = connect();
    EXPECT_TRUE(door.accept());  // the one that gave up is passed over
    connecting.get();
}

TEST_F(FifoCarrierTest, RemovesTheNamesOfOneThatWasKilledWhileItWaited) {
    {
        raw_listener door{address()};
        forked_peer victim{[&] { return raw_channel{address()}, 0; }};
        EXPECT_TRUE(testing::eventually([&] { return place_.list().size() == 6; }));
        victim.kill();
    }
    EXPECT_EQ(place_.list().size(), 4u);
    raw_listener next{address()};
    EXPECT_EQ(place_.list().size(), 2u);
}

TEST_F(FifoCarrierTest, LeavesTheNamesOfTheLivingAlone) {
    raw_listener door{address()};
    forked_peer waiting{[&] { return raw_channel{address()}, 0; }};
    EXPECT_TRUE(testing::eventually([&] { return place_.list().size() == 6; }));
    EXPECT_NE(complaint_of([&] { raw_listener{address()}; }), "no error");
    EXPECT_EQ(place_.list().size(), 6u);
}

TEST_F(FifoCarrierTest, IsToldAtOnceOfTheDeathOfAListenerThatHadNotAnswered) {
    forked_peer listener{[&] {
        raw_listener door{address()};
        return testing::wait_to_be_killed(), 0;
    }};
    ASSERT_TRUE(listener.await());
    auto told = std::async(std::launch::async, [&] {
        return complaint_of([&] { raw_channel{address(), {.handshake_limit = 1h}}; });
    });
    EXPECT_TRUE(testing::eventually([&] { return place_.list().size() == 6; }));
    listener.kill();
    const std::string text = told.get();
    EXPECT_TRUE(text.find("gone before") != std::string::npos ||
                text.find("nobody listens") != std::string::npos)
        << text;
    EXPECT_EQ(place_.list().size(), 2u);
}

TEST_F(FifoCarrierTest, PassesOverWhateverElseIsWrittenToItsName) {
    raw_listener door{address()};
    write_to(path(), "garbage\n\n" + std::string(5000, 'f'));
    write_to(path(), "0123456789abcdef");      // nobody's
    write_to(path(), "../../etc/passwd\x01");  // as long as a number
    EXPECT_FALSE(door.try_accept());
    auto connecting = connect();
    EXPECT_TRUE(door.accept());
    connecting.get();
}

TEST_F(FifoCarrierTest, DoesNotOpenWhatIsNoPipeOfOurs) {
    raw_listener door{address()};
    std::ofstream{path() + ".0123456789abcdef.in"} << "a file";
    ASSERT_EQ(mkfifo((path() + ".0123456789abcdef.out").c_str(), 0600), 0);
    write_to(path(), "0123456789abcdef");
    EXPECT_FALSE(door.try_accept());
}

TEST_F(FifoCarrierTest, DoesNotAnnounceItselfToAnotherUser) {
    if (geteuid() != 0) GTEST_SKIP() << "only root makes names of others";
    ASSERT_EQ(mkfifo(path().c_str(), 0666), 0);
    ASSERT_EQ(chown(path().c_str(), 65534, 65534), 0);
    const std::string text = complaint_of([&] { raw_channel{address()}; });
    EXPECT_NE(text.find("it belongs to user 65534"), std::string::npos) << text;
}

// ---- a shell at the other end -------------------------------------------------------------------

TEST_F(FifoCarrierTest, IsWrittenToAndReadByNameAsAShellDoes) {
    raw_listener door{address(), lines};
    std::thread shell{[&] { write_to(path() + ".in", "question"); }};
    auto line = door.accept();
    shell.join();
    EXPECT_EQ(next_text(*line), "question");
    EXPECT_FALSE(line->receive());
    line->send(bytes_of("answer"));
    EXPECT_EQ(line_from(path() + ".out"), "answer");
}

TEST_F(FifoCarrierTest, KeepsAnAnswerForOneThatReadsItAfterTheEnd) {
    std::string answer;
    std::thread reader;
    {
        raw_listener door{address(), {.linger = 60s, .frames = framing::lines}};
        write_to(path() + ".in", "question");
        auto line = door.accept();
        line->send(bytes_of("late answer"));
        reader = std::thread{[&, out = path() + ".out"] { answer = line_from(out); }};
    }
    reader.join();
    EXPECT_EQ(answer, "late answer");
}

TEST_F(FifoCarrierTest, HasOneConversationAfterAnother) {
    raw_listener door{address(), {.linger = 1ms, .frames = framing::lines}};
    for (const char* text : {"first", "second", "third"}) {
        write_to(path() + ".in", text);
        auto line = door.accept();
        EXPECT_EQ(next_text(*line), text);
        EXPECT_FALSE(line->receive());
        line->send(bytes_of("nobody reads this"));
        EXPECT_NE(complaint_of([&] { door.try_accept(); }).find("one plain conversation"),
                  std::string::npos);
    }
    EXPECT_FALSE(door.try_accept());
}

TEST_F(FifoCarrierTest, HasADescriptorThatIsReadableWhenSomebodyWrites) {
    raw_listener door{address(), lines};
    EXPECT_FALSE(door.try_accept());
    std::thread shell{[&] { write_to(path() + ".in", "hello"); }};
    EXPECT_TRUE(os::wait_readable(door.fd(), after(60s)));
    shell.join();
    auto line = door.try_accept();
    EXPECT_EQ(next_text(*line), "hello");
}

TEST_F(FifoCarrierTest, TalksWithAShellThatMadeTheNames) {
    ASSERT_EQ(mkfifo((path() + ".in").c_str(), 0600), 0);
    ASSERT_EQ(mkfifo((path() + ".out").c_str(), 0600), 0);
    std::thread shell{[&] {
        std::ifstream in{path() + ".in"};
        std::ofstream out{path() + ".out"};
        for (std::string line; std::getline(in, line);) out << "got " << line << std::endl;
    }};
    {
        raw_channel line{address(), lines};
        line.send(bytes_of("it"));
        EXPECT_EQ(next_text(line), "got it");
        line.end_sending();
        EXPECT_FALSE(line.receive());
    }
    shell.join();
}

TEST_F(FifoCarrierTest, TakesOverTheNamesThatAShellMade) {
    ASSERT_EQ(mkfifo((path() + ".in").c_str(), 0600), 0);
    {
        raw_listener door{address(), lines};
        write_to(path() + ".in", "hello");
        auto line = door.accept();
        EXPECT_EQ(next_text(*line), "hello");
    }
    EXPECT_TRUE(place_.list().empty());
}

// ---- what is refused ----------------------------------------------------------------------------

TEST_F(FifoCarrierTest, SaysWhatIsWrongWithAnAddress) {
    EXPECT_NE(complaint_of([] { raw_channel{"fifo://end"}; }).find("an absolute path"),
              std::string::npos);
    EXPECT_NE(complaint_of([&] { raw_channel{address()}; }).find("nobody listens there"),
              std::string::npos);
    EXPECT_NE(complaint_of([&] { raw_channel{address(), lines}; }).find("mkfifo"),
              std::string::npos);
}

TEST_F(FifoCarrierTest, DoesNotTakeAFileForANamedPipe) {
    std::ofstream{path()} << "a file";
    EXPECT_NE(complaint_of([&] { raw_channel{address()}; }).find("taken by something else"),
              std::string::npos);
    EXPECT_NE(complaint_of([&] { raw_listener{address()}; }).find("taken by something else"),
              std::string::npos);
}

}  // namespace
}  // namespace signet::transport::fifo
