// SPDX-License-Identifier: Apache-2.0
// Channels and listeners in loops and wait sets.
#include <signet/loop.hpp>
#include <signet/wait_set.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace signet {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::eventually;
using testing::text_of;
using testing::watchdog;

struct number {
    std::uint64_t value;
};

struct speech {
    std::string words;
};

/// A door, and lines through it, all in one process.
class LoopOfChannels : public ::testing::Test {
protected:
    template <class Channel>
    struct pair {
        Channel client;
        Channel server;
    };
    template <class Listener, class Channel>
    pair<Channel> meet(const channel_options& options = {}) {
        Listener door{where_, options};
        auto client = std::async(std::launch::async, [&] { return Channel{where_, options}; });
        auto server = door.accept();
        return {client.get(), std::move(*server)};
    }
    pair<raw_channel> meet_raw() { return meet<raw_listener, raw_channel>(); }

    testing::temporary_directory place_;
    const std::string where_ = "unix://" + place_.path() + "/door";
    loop loop_;
};

template <class Channel, class Message>
task<> send_all(loop& in, Channel& to, std::uint64_t count, const Message& message) {
    for (std::uint64_t i = 0; i < count; ++i) {
        const bool sent = co_await in.send(to, message);
        if (!sent) co_return;
    }
}

template <class Channel>
task<> count_all(loop& in, Channel& from, std::uint64_t& count) {
    for (;;) {
        const auto next = co_await in.receive_for(from, watchdog);
        if (!next) co_return;
        ++count;
    }
}

task<> echo(loop& in, channel<number> line) {
    for (;;) {
        const auto next = co_await in.receive(line);
        if (!next) co_return;
        const bool sent = co_await in.send(line, *next);
        if (!sent) co_return;
    }
}

task<> serve(loop& in, listener<number>& door, int guests) {
    while (guests-- > 0) {
        auto line = co_await in.accept(door);
        if (!line) co_return;
        in.spawn(echo(in, std::move(*line)));
    }
}

TEST_F(LoopOfChannels, OneThreadServesSeveralClients) {
    listener<number> door{where_};
    loop_.spawn(serve(loop_, door, 3));
    std::vector<std::future<bool>> right;
    for (std::uint64_t client = 0; client < 3; ++client) {
        right.push_back(std::async(std::launch::async, [&, client] {
            channel<number> line{where_};
            bool all = true;
            for (std::uint64_t i = 0; i < 300; ++i) {
                line.send({client * 1000 + i});
                all &= line.receive()->value == client * 1000 + i;
            }
            return all;
        }));
    }
    loop_.run();
    for (auto& one : right) EXPECT_TRUE(one.get());
}

TEST_F(LoopOfChannels, BothEndsInOneThreadPassMoreThanTheirBuffersHold) {
    auto [client, server] = meet<listener<speech>, channel<speech>>();
    std::uint64_t count = 0;
    loop_.spawn([](loop& in, channel<speech> from) -> task<> {
        const speech large{std::string(300'000, 'x')};
        co_await send_all(in, from, 20, large);
    }(loop_, std::move(client)));
    loop_.spawn(count_all(loop_, server, count));
    loop_.run();
    EXPECT_EQ(count, 20u);
}

TEST_F(LoopOfChannels, WhatTheCarrierDidNotTakeGoesOutWhileItsEndIsAwaited) {
    auto [client, server] = meet_raw();
    const std::string large(4'000'000, 'x');
    EXPECT_TRUE(client.try_send(bytes_of(large)));
    std::size_t received = 0;
    loop_.spawn([](loop& in, raw_channel& from) -> task<> {
        const auto answer = co_await in.receive(from);
        EXPECT_EQ(answer ? text_of(answer->bytes) : "", "all here");
    }(loop_, client));
    loop_.spawn([](loop& in, raw_channel& from, std::size_t& to) -> task<> {
        const auto got = co_await in.receive(from);
        to = got ? got->bytes.size() : 0;
        (void)co_await in.send(from, bytes_of("all here"));
    }(loop_, server, received));
    EXPECT_TRUE(loop_.run_for(watchdog));
    EXPECT_EQ(received, large.size());
}

TEST_F(LoopOfChannels, ARawMessageIsValidUntilTheNextReceive) {
    auto [client, server] = meet_raw();
    bool right = false;
    loop_.spawn([](loop& in, raw_channel& from, bool& to) -> task<> {
        const auto first = co_await in.receive(from);
        (void)co_await in.sleep_for(2ms);
        to = first && text_of(first->bytes) == "first";
    }(loop_, server, right));
    client.send(bytes_of("first"));
    client.send(bytes_of("second"));
    loop_.run();
    EXPECT_TRUE(right);
}

TEST_F(LoopOfChannels, OneTaskAtATimeReceivesFromAChannel) {
    auto [client, server] = meet_raw();
    std::uint64_t count = 0;
    loop_.spawn(count_all(loop_, server, count));
    loop_.spawn(count_all(loop_, server, count));
    EXPECT_THROW(loop_.run(), contract_violation);
    client.send(bytes_of("one"));
    raw_channel{std::move(client)};
    loop_.run();
    EXPECT_EQ(count, 1u);
}

TEST_F(LoopOfChannels, ADeathIsThrownInTheCoroutineAndAnEndIsNot) {
    raw_listener door{where_};
    testing::forked_peer victim{[this] {
        const raw_channel line{where_};
        return testing::wait_to_be_killed(), 0;
    }};
    auto line = door.accept();
    std::uint64_t count = 0;
    loop_.spawn(count_all(loop_, *line, count));
    EXPECT_FALSE(loop_.run_for(2ms));
    victim.kill();
    EXPECT_NE(complaint_of([&] { loop_.run(); }).find("ended without closing"), std::string::npos);
}

TEST_F(LoopOfChannels, ATokenAndTheLoopEndWhatWaitsForThem) {
    auto [client, server] = meet_raw();
    raw_listener door{where_};
    std::stop_source stop;
    bool received = true;
    bool accepted = true;
    loop_.spawn([](loop& in, raw_channel& from, std::stop_token end, bool& to) -> task<> {
        to = (co_await in.receive(from, end)).has_value();
    }(loop_, server, stop.get_token(), received));
    loop_.spawn([](loop& in, raw_listener& at, bool& to) -> task<> {
        to = (co_await in.accept(at)).has_value();
    }(loop_, door, accepted));
    stop.request_stop();
    EXPECT_FALSE(loop_.run_for(2ms));
    loop_.stop();
    loop_.run();
    EXPECT_FALSE(received || accepted);
}

TEST_F(LoopOfChannels, AChannelThatWentAndOneInItsPlaceAreTwo) {
    for (int round = 0; round < 100; ++round) {
        auto [client, server] = meet_raw();
        std::uint64_t count = 0;
        loop_.spawn(count_all(loop_, server, count));
        EXPECT_FALSE(loop_.run_for(0ns));
        client.send(bytes_of("one"));
        raw_channel{std::move(client)};
        loop_.run();
        ASSERT_EQ(count, 1u);
    }
}

// ---- wait sets ----------------------------------------------------------------------------------

class WaitSetOfChannels : public LoopOfChannels {
protected:
    bool told(wait_set::key key) {
        const auto ready = set_.wait_for(watchdog);
        return std::find(ready.begin(), ready.end(), key) != ready.end();
    }
    wait_set set_;
};

TEST_F(WaitSetOfChannels, AMessageIsToldUntilItIsTakenAlsoWhatWasReadAhead) {
    auto [client, server] = meet_raw();
    const auto key = set_.add(server);
    for (const char* text : {"one", "two", "three"}) client.send(bytes_of(text));
    for (const char* text : {"one", "two", "three"}) {
        ASSERT_TRUE(told(key));
        EXPECT_EQ(text_of(server.try_receive()->bytes), text);
    }
    EXPECT_FALSE(server.try_receive());
    EXPECT_TRUE(set_.try_wait().empty());
}

TEST_F(WaitSetOfChannels, PartOfAMessageIsNotToldAgainAndAgain) {
    auto [client, server] = meet_raw();
    const auto key = set_.add(server);
    client.try_send(bytes_of(std::string(4'000'000, 'x')));
    ASSERT_TRUE(told(key));
    EXPECT_FALSE(server.try_receive());
    EXPECT_TRUE(set_.try_wait().empty());
    client.try_receive();  // writes the rest, or a part of it
    EXPECT_TRUE(told(key));
}

TEST_F(WaitSetOfChannels, WhoConnectsIsTold) {
    raw_listener door{where_};
    const auto key = set_.add(door);
    auto client = std::async(std::launch::async, [&] { return raw_channel{where_}; });
    EXPECT_TRUE(told(key));
    EXPECT_TRUE(eventually([&] { return door.try_accept().has_value(); }));
    EXPECT_TRUE(set_.try_wait().empty());
}

TEST_F(WaitSetOfChannels, AChannelThatIsDestroyedLeavesAndIsAddedOnce) {
    auto both = std::make_unique<pair<raw_channel>>(meet_raw());
    set_.add(both->server);
    EXPECT_THROW(set_.add(both->server), contract_violation);
    both.reset();
    EXPECT_EQ(set_.size(), 0u);
    EXPECT_THROW(set_.wait(), contract_violation);
}

}  // namespace
}  // namespace signet
