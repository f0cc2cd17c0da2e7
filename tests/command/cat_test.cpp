// SPDX-License-Identifier: Apache-2.0
// `signet cat` and `signet carriers`.
#include "command_run.hpp"

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/text_bytes.hpp>

#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>

namespace signet::testing {
namespace {

using nlohmann::json;

const channel_options lines{.frames = framing::lines};

class CatTest : public CommandTest {
protected:
    std::string address() const { return "unix://" + place_.path() + "/x.sock"; }

    /// Connects as soon as the command listens.
    raw_channel connect(const channel_options& options) const {
        std::unique_ptr<raw_channel> line;
        eventually([&] {
            try {
                line = std::make_unique<raw_channel>(address(), options);
            } catch (const error&) {
                return false;  // not yet
            }
            return true;
        });
        return std::move(*line);
    }

    temporary_directory place_;
};

bool mentions(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

std::vector<json> objects_in(const std::string& text) {
    std::vector<json> all;
    std::istringstream each{text};
    for (std::string line; std::getline(each, line);) all.push_back(json::parse(line));
    return all;
}

// ---- lines --------------------------------------------------------------------------------------

TEST_F(CatTest, LinesGoToAProgramAndItsLinesComeBack) {
    const outcome sorted = run({"cat", "exec:sort -r"}, "a\nc\nb");
    EXPECT_EQ(sorted.status, 0) << sorted.err;
    EXPECT_EQ(sorted.out, "c\nb\na\n");
}

TEST_F(CatTest, AProgramThatFailsIsTold) {
    const outcome failed = run({"cat", "exec:sh"}, "echo last words; exit 4");
    EXPECT_EQ(failed.status, 1);
    EXPECT_EQ(failed.out, "last words\n");
    EXPECT_TRUE(mentions(failed.err, "the program exited with status 4")) << failed.err;
}

TEST_F(CatTest, WhoConnectsGetsTheInputAndIsPrinted) {
    running listening = start({"cat", "--listen", address()}, "question\n");
    {
        raw_channel line = connect(lines);
        EXPECT_EQ(text_of(line.receive()->bytes), "question");
        line.send(bytes_of("answer"));
    }
    const outcome ended = listening.wait();
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_EQ(ended.out, "answer\n");
    EXPECT_TRUE(mentions(ended.err, "listening at unix://")) << ended.err;
}

TEST_F(CatTest, TheRestOfTheInputIsSentToOneThatHasEndedItsOwn) {
    raw_listener door{address(), lines};
    EXPECT_EQ(mkfifo((place_.path() + "/go").c_str(), 0600), 0);
    running talking = start_shell("(read -r go <&9; echo late) 9<" + place_.path() +
                                  "/go | $SIGNET cat " + address());
    auto line = door.accept();
    line->end_sending();
    std::ofstream{place_.path() + "/go"} << "go\n";
    EXPECT_EQ(text_of(line->receive()->bytes), "late");
    EXPECT_FALSE(line->receive());
    EXPECT_EQ(talking.wait().status, 0);
}

TEST_F(CatTest, BytesAreCarriedAsTheyAre) {
    const outcome same = run({"cat", "--bytes", "exec:cat"}, "no end\n\nof a line");
    EXPECT_EQ(same.out, "no end\n\nof a line");
}

TEST_F(CatTest, DescriptorsThatAShellOpenedAreTheCarrier) {
    running shell = start_shell("$SIGNET cat pipe:3,4 3< <(echo in) 4>&1 >&2 <<<out | cat");
    const outcome ended = shell.wait();
    EXPECT_EQ(ended.out, "out\n");
    EXPECT_EQ(ended.err, "in\n");
}

// ---- Signet's messages --------------------------------------------------------------------------

TEST_F(CatTest, WhoIsThereAndWhatWasCarriedIsToldAsJson) {
    raw_listener door{address()};
    running talking = start({"cat", "--framed", "--json", address()}, "hi\n");
    {
        auto line = door.accept();
        EXPECT_EQ(text_of(line->receive()->bytes), "hi");
        line->send(bytes_of("two\nlines"));
    }
    const auto events = objects_in(talking.wait().out);
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0]["peer"]["uid"], geteuid());
    EXPECT_EQ(events[1]["data"], "two\nlines");
    EXPECT_EQ(events[2]["how"], "in order");
    EXPECT_EQ(events[2]["sent"]["messages"], 1);
    EXPECT_EQ(events[2]["received"]["bytes"], 9);
}

TEST_F(CatTest, ADeathIsToldAfterTheLastWords) {
    running listening = start({"cat", "--framed", "--listen", address()});
    forked_peer victim{[&] {
        raw_channel line = connect({});
        line.send(bytes_of("last words"));
        line.flush();
        return kill(getpid(), SIGKILL);
    }};
    const outcome ended = listening.wait();
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.out, "last words\n");
    EXPECT_TRUE(mentions(ended.err, "ended without closing it")) << ended.err;
}

TEST_F(CatTest, OneThatSpeaksOnlyLinesIsToldFromSignet) {
    const outcome refused = run({"cat", "--framed", "exec:yes"});
    EXPECT_EQ(refused.status, 1);
    EXPECT_TRUE(mentions(refused.err, "is not a frame of Signet")) << refused.err;
}

// ---- the end ------------------------------------------------------------------------------------

TEST_F(CatTest, OneAfterAnotherIsPrintedWithKeep) {
    running listening = start({"cat", "--listen", "--keep", "--count", "2", address()});
    connect(lines).send(bytes_of("first"));
    connect(lines).send(bytes_of("second"));
    const outcome ended = listening.wait();
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_EQ(ended.out, "first\nsecond\n");
}

TEST_F(CatTest, ItEndsAfterSoManyMessages) {
    EXPECT_EQ(run({"cat", "--count", "2", "exec:yes"}).out, "y\ny\n");
    EXPECT_EQ(run({"cat", "--count", "2", "exec:echo one"}).status, 1);
}

TEST_F(CatTest, AnInterruptionEndsItInOrder) {
    running listening =
        start_shell("exec $SIGNET cat --framed --listen " + address() + " < <(cat)");
    raw_channel line = connect({});
    line.send(bytes_of("before"));
    listening.signal(SIGINT);
    EXPECT_FALSE(line.receive());
    EXPECT_TRUE(line.ended());
    EXPECT_EQ(listening.wait().status, 128 + SIGINT);
}

// ---- what is refused ----------------------------------------------------------------------------

TEST_F(CatTest, WhatCannotBeSaysWhy) {
    EXPECT_TRUE(mentions(run({"cat", "nosuch://log"}).err, "no carrier is called 'nosuch'"));
    EXPECT_TRUE(mentions(run({"cat", address()}).err, "nobody listens there"));
    EXPECT_TRUE(mentions(run({"cat", "--listen", "exec:cat"}).err, "it starts a program"));
    EXPECT_TRUE(mentions(run({"cat", "pipe:"}).err, "such as pipe:3,4"));
    EXPECT_EQ(run({"cat", "--keep", address()}).status, 2);
}

TEST_F(CatTest, ALineThatIsTooLongSaysWhichLimitToRaise) {
    const outcome refused = run({"cat", "--message-max", "3", "exec:cat"}, "four\n");
    EXPECT_EQ(refused.status, 1);
    EXPECT_TRUE(mentions(refused.err, "raise --message-max") ||
                mentions(refused.err, "message_bytes_max"))
        << refused.err;
}

// ---- carriers -----------------------------------------------------------------------------------

TEST_F(CatTest, TheReadmeHasTheTableOfCarriersAsItIs) {
    std::ifstream file{SIGNET_README};
    const std::string readme{std::istreambuf_iterator<char>{file}, {}};
    const std::string table = run({"carriers", "--markdown"}).out;
    if (!mentions(table, "tls://")) GTEST_SKIP() << "it shows all carriers; one was not built";
    EXPECT_TRUE(mentions(readme, "<!-- carriers -->\n" + table + "<!-- end of carriers -->"))
        << "put this between the markers:\n"
        << table;
}

TEST_F(CatTest, CarriersAreListedForPeopleAndScripts) {
    EXPECT_TRUE(mentions(run({"carriers"}).out, "unix:///path"));
    EXPECT_EQ(json::parse(run({"carriers", "--json"}).out)[0]["scheme"], "shm");
}

}  // namespace
}  // namespace signet::testing
