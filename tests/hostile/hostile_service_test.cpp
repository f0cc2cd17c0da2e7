// SPDX-License-Identifier: Apache-2.0
// Clients that know nothing of Signet, and some that mean harm: bytes on a unix socket. Whatever
// one of them does, it ends with itself, and others are served.
#include "foreign_end.hpp"
#include "options.hpp"

#include <signet/channel.hpp>
#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/mutator_test.hpp>
#include <signet/wire/rpc_frame.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace signet::tests {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using testing::eventually;
using wire::special;
using wire::special_value;

class HostileService : public ::testing::Test {
protected:
    HostileService() {
        setenv("SIGNET_DIR", place_.path().c_str(), 1);
        server_.handle("add", [](int a, int b) { return a + b; });
        server_.handle("hold", [this] {
            ++held_;
            const std::stop_token stop = current_call()->stop_token();
            eventually([&] { return stop.stop_requested() || let_go_; });
        });
        server_.handle("large", [] { return std::string(100'000, 'x'); });
        server_.handle("count", [](int end) { return counted_to(end); });
        server_.handle("first", [](stream<int> items) { return items.next().value_or(-1); });
        server_.handle("keep", [this](stream<std::string> items) {
            const std::stop_token stop = current_call()->stop_token();
            eventually([&] { return stop.stop_requested() || let_go_; });
            return items.next().has_value();
        });
        server_.serve_in_background(2);
    }
    ~HostileService() override { let_go_ = true; }

    static std::atomic<int>& live_streams() {
        static std::atomic<int> count = 0;
        return count;
    }
    static stream<int> counted_to(int end) {
        struct counted {
            counted() { ++live_streams(); }
            ~counted() { --live_streams(); }
        } const one;
        for (int i = 0; i < end; ++i) co_yield i;
    }

    raw_channel connect() const {
        return raw_channel{server_.address(), {.frames = framing::bytes}};
    }

    /// One that said hello, so that it may use what Signet adds.
    foreign_end greet() const {
        foreign_end there{connect()};
        there.send(hello());
        there.answer_to(0);
        return there;
    }

    /// Whether the server ends the conversation behind these frames.
    bool ends_with(const std::vector<frame_text>& frames) const {
        foreign_end there = greet();
        for (const frame_text& one : frames) there.send(one);
        return there.is_ended();
    }

    /// Whether the server ends the conversation after these bytes.
    bool ends(std::string_view text) const {
        raw_channel line = connect();
        try {
            line.send(testing::bytes_of(std::string{text}));
            while (line.receive()) {
            }
        } catch (const error&) {  // it left some of them unread, which resets a connection
        }
        return true;
    }

    /// Its queue is short: a call may be refused while what others sent is still in it.
    void expect_service() const {
        client there{server_.address()};
        EXPECT_TRUE(eventually([&] {
            try {
                return there.call<int>("add", 2, 3) == 5;
            } catch (const call_error& e) {
                if (e.code() != errc::limit_reached) throw;
                return false;
            }
        }));
    }

    testing::temporary_directory place_;
    std::atomic<int> held_ = 0;
    std::atomic<bool> let_go_ = false;
    server server_{"unix://" + place_.path() + "/service",
                   {.queue_max = 4, .calls_per_client_max = 3, .message_bytes_max = 1 << 20}};
};

/// What the server answers, whole.
std::string answer(raw_channel& line, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += testing::text_of(line.receive()->bytes);
    return text;
}

TEST_F(HostileService, AnswersWhoSpeaksMessagePackRpc) {
    raw_channel line = connect();
    line.send(
        testing::bytes_of("\x94\x00\x07\xa3"
                          "add\x92\x02\x03"s));
    EXPECT_EQ(answer(line, 13), "\x94\x01\xce\x00\x00\x00\x07\xc0\xd2\x00\x00\x00\x05"s);
}

TEST_F(HostileService, AnswersWhatArrivesByteByByte) {
    raw_channel line = connect();
    for (const char c :
         "\x94\x00\x07\xa3"
         "add\x92\x02\x03"sv) {
        line.send(testing::bytes_of(std::string(1, c)));
    }
    EXPECT_EQ(answer(line, 13).size(), 13u);
}

TEST_F(HostileService, EndsWithWhoSendsWhatIsNoCall) {
    EXPECT_TRUE(ends("GET / HTTP/1.1\r\n\r\n"));
    EXPECT_TRUE(ends("\x94\x05\x07\xa3xyz\x90"));
    EXPECT_TRUE(ends("\xdb\x40\x00\x00\x00"sv));              // a text of a gigabyte
    EXPECT_TRUE(ends("\x94\x00\x07\xdd\xff\xff\xff\xff"sv));  // a list of 4 billion
    EXPECT_TRUE(ends(std::string(2'000'000, '\x91')));        // depth without end
    expect_service();
    EXPECT_TRUE(eventually([&] { return server_.counts().garbage == 5; }));
}

TEST_F(HostileService, EndsWithWhoSendsPulsesThatAreNone) {
    EXPECT_TRUE(ends("\x93\x02\xacsignet.pulse\x91\x01"));
    EXPECT_TRUE(ends("\x93\x02\xacsignet.pulse\x92\x01\xa1x"));
    EXPECT_TRUE(ends("\x93\x02\xacsignet.pulse\x93\x01\x02\x03"));
    expect_service();
    EXPECT_TRUE(eventually([&] { return server_.counts().garbage == 3; }));
}

TEST_F(HostileService, DropsPulsesThatNobodyTakesAndServesOthers) {
    raw_channel line = connect();
    for (int i = 0; i < 1000; ++i) {
        line.send(testing::bytes_of("\x93\x02\xacsignet.pulse\x92\x01\x02"));
    }
    EXPECT_TRUE(eventually([&] { return server_.counts().pulses_dropped == 1000; }));
    expect_service();
}

TEST_F(HostileService, LetsNobodyCancelTheCallsOfOthers) {
    client victim{server_.address()};
    auto held = victim.async_call("hold");
    EXPECT_TRUE(eventually([&] { return held_ == 1; }));
    raw_channel line = connect();
    for (char id = 0; id < 100; ++id) {
        line.send(testing::bytes_of("\x93\x02\xadsignet.cancel\x91"s + id));
    }
    expect_service();
    EXPECT_FALSE(held.ready());
    let_go_ = true;
    held.get();
}

TEST_F(HostileService, AnswersAnIdThatIsUsedTwiceTwice) {
    raw_channel line = connect();
    const std::string call =
        "\x94\x00\x07\xa3"
        "add\x92\x02\x03"s;
    line.send(testing::bytes_of(call + call));
    EXPECT_EQ(answer(line, 26).size(), 26u);
}

TEST_F(HostileService, DoesNotWaitForWhoTakesNoAnswers) {
    raw_channel line = connect();
    const std::string call = "\x94\x00\x07\xa5large\x90"s;
    std::string calls;  // at once, for nobody reads the later ones
    for (int i = 0; i < 500; ++i) calls += call;
    line.send(testing::bytes_of(calls));
    for (int i = 0; i < 100; ++i) expect_service();
    EXPECT_LT(server_.counts().served, 400u);
}

TEST_F(HostileService, RefusesWhatItCannotQueue) {
    std::vector<std::unique_ptr<client>> clients;
    std::vector<async_result<void>> held;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(std::make_unique<client>(server_.address()));
        held.push_back(clients.back()->async_call("hold"));
        eventually([&] { return held_ >= std::min(i + 1, 2); });
    }
    EXPECT_TRUE(eventually([&] { return server_.counts().refused == 14; }));
    let_go_ = true;
    int refused = 0;
    for (auto& one : held) {
        try {
            one.get();
        } catch (const call_error& e) {
            EXPECT_EQ(e.ran(), ran::no);
            ++refused;
        }
    }
    EXPECT_EQ(refused, 14);
}

constexpr std::uint32_t absurd = 4'294'967'295;

frame_text in_a_row(const std::vector<frame_text>& frames) {
    frame_text all;
    for (const auto& one : frames) all.insert(all.end(), one.begin(), one.end());
    return all;
}

special_value a_stream(std::uint32_t number) {
    return {special::stream, number};
}

TEST_F(HostileService, EndsWithWhoLiesAboutCredit) {
    for (const std::int64_t lie : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 62}) {
        foreign_end there = greet();
        there.send(request(1, "count", {}, 1'000'000'000));
        const auto answer = there.answer_to(1);
        ASSERT_TRUE(answer);
        const auto number = wire::read_special(answer->body).number;
        there.send(notification("signet.more", number, lie));
        EXPECT_TRUE(there.is_ended());
    }
    EXPECT_TRUE(eventually([] { return live_streams() == 0; }));
    expect_service();
}

TEST_F(HostileService, EndsWithWhoWritesStreamsAgainstTheRules) {
    const wire::rpc_rider two{.specials = 2};
    EXPECT_TRUE(ends_with({request(1, "first", two, a_stream(7), a_stream(7))}));
    const std::string item(100'000, 'x');
    std::vector<frame_text> too_many{request(1, "keep", {.specials = 1}, a_stream(7))};
    for (int i = 0; i < 20; ++i) too_many.push_back(notification("signet.item", 7, item));
    EXPECT_TRUE(ends_with(too_many));
    expect_service();
}

TEST_F(HostileService, PassesOverWhatHasNoMeaning) {
    foreign_end there = greet();
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        there.send(notification("signet.item", i, 1));
        there.send(notification("signet.end", i));
        there.send(notification("signet.more", i, -1));
        there.send(notification("signet.drop", i));
        there.send(notification("signet.unheard"));
        there.send(response(i, 4711));
    }
    there.send(request(1, "add", {}, 2, 3));
    EXPECT_TRUE(there.answer_to(1));
}

TEST_F(HostileService, KeepsNothingForWhoNamesStreamsThatNobodyWants) {
    foreign_end there = greet();
    for (std::uint32_t i = 0; i < 100'000; ++i) {
        if (!there.line().try_send(response(i, a_stream(i)))) break;  // it takes no more
    }
    expect_service();
}

TEST_F(HostileService, EndsWithRidersThatNobodyCanMean) {
    EXPECT_TRUE(ends_with({request(1, "first", {.specials = absurd}, a_stream(1), a_stream(1))}));
    EXPECT_TRUE(ends_with({request(1, "add", {.descriptors = absurd}, 1, 2)}));
    EXPECT_TRUE(ends_with({notification("signet.item")}));
    EXPECT_TRUE(ends_with({notification("signet.more", "text", "text")}));
    expect_service();
}

TEST_F(HostileService, AnswersRidersThatPromiseTooMuch) {
    foreign_end there = greet();
    for (std::uint32_t id = 1; id < 100; ++id) {
        there.send(request(id, "add", {.priority = 255, .uses = absurd}, 2, 3));
        EXPECT_TRUE(there.answer_to(id));
    }
    there.send(request(1, "add", {.specials = 1}, special_value{special::result, 7}, 3));
    EXPECT_TRUE(there.answer_to(1));
    expect_service();
}

TEST_F(HostileService, RefusesResultsThatAreNotKept) {
    foreign_end there = greet();
    there.send(request(1, "add", {.specials = 1}, special_value{special::result, 4711}, 3));
    const auto answer = there.answer_to(1);
    ASSERT_TRUE(answer);
    EXPECT_EQ(wire::read_failure(answer->error).ran, "no");
}

// Two calls that wait for each other, or one for itself, harm nobody else.
TEST_F(HostileService, LeavesThoseThatWaitForEachOther) {
    const wire::rpc_rider both{.specials = 1, .uses = 1};
    {
        foreign_end there = greet();
        const frame_text first = request(1, "add", both, special_value{special::result, 2}, 3);
        const frame_text second = request(2, "add", both, special_value{special::result, 1}, 3);
        const frame_text third = request(3, "add", both, special_value{special::result, 3}, 3);
        there.send(in_a_row({first, second, third}));
        EXPECT_TRUE(there.answer_to(3));
        expect_service();
    }
    EXPECT_TRUE(eventually([&] { return server_.counts().clients == 0; }));
}

TEST_F(HostileService, WritesNoMoreStreamsThanOneMayRead) {
    {
        foreign_end there = greet();
        bool refused = false;
        for (std::uint32_t id = 1; id < 1200 && !refused; ++id) {
            there.send(request(id, "count", {}, 1'000'000'000));
            const auto answer = there.answer_to(id);
            ASSERT_TRUE(answer);
            refused = !answer->error.empty();
        }
        EXPECT_TRUE(refused);
        expect_service();
    }
    EXPECT_TRUE(eventually([] { return live_streams() == 0; }));
}

TEST_F(HostileService, CallsNoFunctionThatWasNeverLent) {
    foreign_end there = greet();
    there.send(request(1, "signet.back", {}, 4711, 3));
    const auto answer = there.answer_to(1);
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->error.empty());
}

void expect_end_of_who_sends_needless_files(const std::string& where, framing frames) {
    server takes{where, {.descriptors_max = 2}};
    takes.handle("add", [](int a, int b) { return a + b; });
    takes.serve_in_background(1);
    foreign_end there{raw_channel{takes.address(), {.frames = frames}}};
    const std::array<int, 1> file{0};
    try {
        for (int i = 0; i < 100; ++i) there.line().send_with(request(1, "add", {}, 1, 2), file);
    } catch (const error&) {
        // it has ended
    }
    EXPECT_TRUE(there.is_ended());
    EXPECT_EQ(client{takes.address()}.call<int>("add", 2, 3), 5);
}

TEST_F(HostileService, EndsWithOpenFilesThatBelongToNoCall) {
    expect_end_of_who_sends_needless_files("unix://" + place_.path() + "/files", framing::bytes);
    expect_end_of_who_sends_needless_files("shm://files", framing::messages);
}

/// Much of what a client may say.
frame_text valid_conversation() {
    return in_a_row({hello(), request(1, "add", {.nanoseconds_left = 1'000'000'000}, 2, 3),
                     request(2, "first", {.specials = 1}, a_stream(7)),
                     notification("signet.item", 7, 4), notification("signet.end", 7),
                     request(3, "add", {.priority = 1, .uses = 1}, 2, 3),
                     request(4, "add", {.specials = 1}, special_value{special::result, 3}, 3),
                     request(5, "count", {}, 3), notification("signet.cancel", 5)});
}

TEST_F(HostileService, SurvivesEachBitOfAConversationFlipped) {
    const frame_text good = valid_conversation();
    for (std::size_t i = 0; i < 8 * good.size(); ++i) {
        frame_text text = good;
        text[i / 8] ^= std::byte{1} << (i % 8);
        connect().try_send(text);
    }
    expect_service();
    EXPECT_TRUE(eventually([&] { return live_streams() == 0; }));
}

TEST_F(HostileService, SurvivesAnyBytes) {
    const int rounds = rounds_wanted(500);
    wire::mutator change{static_cast<unsigned>(seed_wanted(rounds))};
    const frame_text good = valid_conversation();
    for (int i = 0; i < rounds; ++i) connect().try_send(change.mutate(good));
    expect_service();
    EXPECT_TRUE(eventually([&] { return live_streams() == 0; }));
}

}  // namespace
}  // namespace signet::tests
