// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/pipe/exec_carrier.hpp>

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <thread>

namespace signet::transport::pipe {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::text_of;

const channel_options lines{.frames = framing::lines};
const channel_options any_bytes{.frames = framing::bytes};

std::string next_text(raw_channel& from) {
    const auto got = from.receive();
    return got ? text_of(got->bytes) : "nothing";
}

bool mentions(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

TEST(ExecCarrier, TalksWithAProgramLineByLine) {
    raw_channel cat{"exec:cat", lines};
    cat.send(bytes_of("one"));
    EXPECT_EQ(next_text(cat), "one");
    cat.send(bytes_of(""));
    EXPECT_EQ(next_text(cat), "");
}

TEST(ExecCarrier, CarriesSignetsMessagesWhereTheProgramDoes) {
    raw_channel echo{"exec:cat"};
    echo.send(bytes_of("two\nlines"));
    EXPECT_EQ(next_text(echo), "two\nlines");
    echo.end_sending();
    EXPECT_FALSE(echo.receive());
    EXPECT_TRUE(echo.ended());
}

TEST(ExecCarrier, LetsAProgramFinishWhenItsInputHasEnded) {
    raw_channel sort{"exec:sort -r", lines};
    for (const char* text : {"a", "c", "b"}) sort.send(bytes_of(text));
    sort.end_sending();
    for (const char* text : {"c", "b", "a"}) EXPECT_EQ(next_text(sort), text);
    EXPECT_FALSE(sort.receive());
}

TEST(ExecCarrier, HasAShellDoWhatShellsDo) {
    raw_channel shell{"exec:sh -c 'read x; echo \"got $x\" | tr a-z A-Z'", lines};
    shell.send(bytes_of("it"));
    EXPECT_EQ(next_text(shell), "GOT IT");
}

TEST(ExecCarrier, CarriesBytesAsTheyCome) {
    raw_channel cat{"exec:cat", any_bytes};
    cat.send(bytes_of("no end"));
    EXPECT_EQ(next_text(cat), "no end");
}

TEST(ExecCarrier, TellsHowAProgramWasKilledAfterItsLastWords) {
    raw_channel victim{"exec:sh -c 'echo last words; kill -9 $$'", lines};
    EXPECT_EQ(next_text(victim), "last words");
    const std::string end = complaint_of([&] { victim.receive(); });
    EXPECT_TRUE(mentions(end, "the program was killed by signal 9")) << end;
    EXPECT_EQ(complaint_of([&] { victim.receive(); }), end);
}

TEST(ExecCarrier, TellsHowAProgramOfSignetWasKilled) {
    raw_channel victim{"exec:sh -c 'dd bs=1 count=300 2>/dev/null; kill -9 $$'"};
    victim.send(bytes_of(std::string(1000, 'x')));
    const std::string end = complaint_of([&] { victim.receive(); });
    EXPECT_TRUE(mentions(end, "killed by signal 9")) << end;
}

TEST(ExecCarrier, TellsWhatAProgramReturned) {
    raw_channel failing{"exec:sh -c 'exit 3'", lines};
    const std::string end = complaint_of([&] { failing.receive(); });
    EXPECT_TRUE(mentions(end, "the program exited with status 3")) << end;
}

TEST(ExecCarrier, TellsAtOnceWhatAProgramReturnedInPlaceOfAHello) {
    const std::string end = complaint_of([] { raw_channel{"exec:sh -c 'exit 127'"}; });
    EXPECT_TRUE(mentions(end, "exited with status 127")) << end;
}

TEST(ExecCarrier, TellsWhoSendsThatTheProgramHasFailed) {
    raw_channel failing{"exec:sh -c 'exit 3'", lines};
    std::string end;
    EXPECT_TRUE(testing::eventually([&] {
        end = complaint_of([&] { failing.send_for(bytes_of("still there?"), 1ms); });
        return end != "no error";
    }));
    EXPECT_TRUE(mentions(end, "status 3")) << end;
}

TEST(ExecCarrier, EndsInOrderWithAProgramThatReturnsNothing) {
    raw_channel done{"exec:echo done", lines};
    EXPECT_EQ(next_text(done), "done");
    EXPECT_FALSE(done.receive());
    EXPECT_TRUE(done.ended());
}

TEST(ExecCarrier, GoesOnWithoutAProgramThatOnlyClosedItsOutput) {
    raw_channel quiet{"exec:sh -c 'exec >&-; cat >/dev/null'",
                      {.linger = 60s, .frames = framing::lines}};
    EXPECT_FALSE(quiet.receive());
    EXPECT_TRUE(quiet.ended());
}

TEST(ExecCarrier, EndsAWaitForAnAnswerWhenAStopIsAskedFor) {
    raw_channel silent{"exec:cat", lines};
    std::stop_source stop;
    std::jthread asking{[&] { stop.request_stop(); }};
    EXPECT_FALSE(silent.receive(stop.get_token()));
    EXPECT_FALSE(silent.ended());
}

TEST(ExecCarrier, KillsAProgramThatDoesNotEndWithItsChannel) {
    const int before = testing::open_descriptors();
    {
        raw_channel stubborn{"exec:sleep 1000", {.linger = 1ms, .frames = framing::lines}};
    }
    EXPECT_EQ(testing::open_descriptors(), before);
}

TEST(ExecCarrier, KillsWhatTheProgramStartedAndLeftBehind) {
    const testing::temporary_directory place;
    const std::string held = place.path() + "/held";
    ASSERT_EQ(mkfifo(held.c_str(), 0600), 0);
    std::ifstream reading;
    {
        raw_channel shell{"exec:sh -c 'sleep 1000 >" + held + " & echo started; wait'",
                          {.linger = 1ms, .frames = framing::lines}};
        reading.open(held);  // as soon as it writes there
        EXPECT_EQ(next_text(shell), "started");
    }
    EXPECT_EQ(reading.get(), std::ifstream::traits_type::eof());
}

TEST(ExecCarrier, SaysWhatProgramIsNotThere) {
    const std::string text = complaint_of([] { raw_channel{"exec:no_such_program -x", lines}; });
    EXPECT_TRUE(mentions(text, "no_such_program")) << text;
    EXPECT_TRUE(mentions(text, "check its name and PATH")) << text;
}

TEST(ExecCarrier, SaysWhatIsWrongWithAnAddress) {
    EXPECT_TRUE(mentions(complaint_of([] { raw_channel{"exec:"}; }), "name a program"));
    EXPECT_TRUE(mentions(complaint_of([] { raw_channel{"exec:sh -c 'x"}; }), "not closed"));
    EXPECT_TRUE(mentions(complaint_of([] { raw_listener{"exec:cat"}; }), "it starts a program"));
}

TEST(ExecCarrier, DoesNotTakeAnyOutputForMessages) {
    const std::string text = complaint_of([] { raw_channel{"exec:yes"}; });
    EXPECT_TRUE(mentions(text, "framing::lines")) << text;
}

}  // namespace
}  // namespace signet::transport::pipe
