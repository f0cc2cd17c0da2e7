// SPDX-License-Identifier: Apache-2.0
// What every carrier of channels does when the process at the other end is killed; the rest is in
// channel_conformance_test.cpp. Apart from it, since what forks is not for the thread sanitizer.
#include "channel_fixture.hpp"

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::forked_peer;

class ChannelDeaths : public Channels {
protected:
    /// What a receive says of the end of a peer that was killed. An unreliable carrier hears of it
    /// at the earliest when it sends: nobody takes that.
    std::string end_of(raw_channel& line) {
        if (!facts().reliable) line.send(bytes_of("anybody there?"));
        return complaint_of([&] { line.receive(); });
    }
};

TEST_P(ChannelDeaths, TellTheDeathOfAListenerThatSent) {
    forked_peer victim{[where = book_.address()] {
        raw_listener door{where};
        std::optional<raw_channel> line = door.accept();
        line->send(bytes_of("last words"));
        line->flush();
        return testing::wait_to_be_killed(), 0;
    }};
    std::optional<raw_channel> line;
    testing::eventually(
        [&] { return complaint_of([&] { line.emplace(book_.address()); }) == "no error"; });
    EXPECT_EQ(next_text(*line), "last words");
    victim.kill();
    const std::string end = end_of(*line);
    EXPECT_EQ(end.find("the peer is gone") != std::string::npos, facts().tells_death) << end;
}

TEST_P(ChannelDeaths, TellADeathFromAnEnd) {
    if (!facts().both_ways) return;  // the listener sends: see above
    raw_listener door = listen();
    forked_peer victim{[to = door.address()] {
        raw_channel line{to};
        line.send(bytes_of("last words"));
        line.flush();
        kill(getpid(), SIGKILL);
        return 0;
    }};
    std::optional<raw_channel> line = door.accept();
    EXPECT_EQ(next_text(*line), "last words");
    victim.exit_code();
    const std::string end = end_of(*line);
    EXPECT_EQ(end.find("the peer is gone") != std::string::npos, facts().tells_death) << end;
    EXPECT_EQ(complaint_of([&] { line->receive(); }), end);
}

TEST_P(ChannelDeaths, TellWhoSendsToADeadOne) {
    if (!facts().both_ways) return;  // who sends hears nothing
    raw_listener door = listen();
    forked_peer victim{[to = door.address()] {
        const raw_channel line{to};
        testing::wait_to_be_killed();
        return 0;
    }};
    std::optional<raw_channel> line = door.accept();
    EXPECT_TRUE(line->send(bytes_of("still there?")));
    victim.kill();
    bool told = false;
    EXPECT_TRUE(testing::eventually([&] {
        return complaint_of([&] { told = !line->send_for(bytes_of("and now?"), 1ms); }) !=
                   "no error" ||
               told;
    }));
    EXPECT_EQ(told, !facts().tells_death);
}

TEST_P(ChannelDeaths, ListenAgainWhereAListenerWasKilled) {
    const std::string where = book_.address();
    forked_peer victim{[&] {
        raw_listener door{where};
        const auto line = door.accept();  // kept: one that closes at once may be too quick to meet
        return testing::wait_to_be_killed(), 0;
    }};
    EXPECT_TRUE(testing::eventually(
        [&] { return complaint_of([&] { raw_channel{where}; }) == "no error"; }));
    victim.kill();
    raw_listener door{where};
    auto [client, server] = meet(door);
    client.send(bytes_of("back again"));
    EXPECT_EQ(next_text(server), "back again");
}

INSTANTIATE_TEST_SUITE_P(Over, ChannelDeaths, ::testing::ValuesIn(carriers_with_listeners()),
                         scheme_of);

}  // namespace
}  // namespace signet::tests
