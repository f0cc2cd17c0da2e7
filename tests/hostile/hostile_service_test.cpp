// SPDX-License-Identifier: Apache-2.0
// Clients that know nothing of Signet, and some that mean harm: bytes on a unix socket. Whatever
// one of them does, it ends with itself, and others are served.
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

class HostileService : public ::testing::Test {
protected:
    HostileService() {
        server_.handle("add", [](int a, int b) { return a + b; });
        server_.handle("hold", [this] {
            ++held_;
            const std::stop_token stop = current_call()->stop_token();
            eventually([&] { return stop.stop_requested() || let_go_; });
        });
        server_.handle("large", [] { return std::string(100'000, 'x'); });
        server_.serve_in_background(2);
    }
    ~HostileService() override { let_go_ = true; }

    raw_channel connect() const {
        return raw_channel{server_.address(), {.frames = framing::bytes}};
    }

    /// Whether the server ends the conversation after these bytes.
    bool ends(std::string_view text) const {
        raw_channel line = connect();
        line.send(testing::bytes_of(std::string{text}));
        while (line.receive()) {
        }
        return true;
    }

    void expect_service() const { EXPECT_EQ(client{server_.address()}.call<int>("add", 2, 3), 5); }

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

TEST_F(HostileService, SurvivesAnyBytes) {
    wire::mutator change{3};
    std::vector<std::byte> good;
    wire::put_request_head(good, 7, "add", {.nanoseconds_left = 1}, 2);
    wire::append_values(good, 2, 3);
    for (int i = 0; i < 500; ++i) {
        raw_channel line = connect();
        line.try_send(change.mutate(good));
    }
    expect_service();
}

}  // namespace
}  // namespace signet::tests
