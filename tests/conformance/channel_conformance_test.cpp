// SPDX-License-Identifier: Apache-2.0
// What every carrier of channels does, as transport/channel.hpp says: one suite over all of them.
// What a carrier says it cannot do (carrier_facts) must be a clear error instead.
#include "channel_fixture.hpp"

#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/os/pipe.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/text_bytes.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <numeric>
#include <thread>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::text_of;

// ---- messages -----------------------------------------------------------------------------------

TEST_P(Channels, CarryMessagesBothWays) {
    auto [client, server] = meet();
    EXPECT_TRUE(client.send(bytes_of("question")));
    EXPECT_EQ(next_text(server), "question");
    if (!facts().both_ways) {
        EXPECT_NE(complaint_of([&server = server] { server.send(bytes_of("answer")); }),
                  "no error");
        EXPECT_NE(complaint_of([&client = client] { client.try_receive(); }), "no error");
        return;
    }
    EXPECT_TRUE(server.send(bytes_of("answer")));
    EXPECT_EQ(next_text(client), "answer");
}

TEST_P(Channels, KeepBoundariesAlsoOfEmptyMessages) {
    auto [client, server] = meet();
    for (const char* text : {"one", "", "three", ""}) client.send(bytes_of(text));
    for (const char* text : {"one", "", "three", ""}) EXPECT_EQ(next_text(server), text);
}

TEST_P(Channels, KeepTheOrderOfMessagesOfAllLengths) {
    auto [client, server] = meet();
    if (!facts().reliable) return;  // see below
    constexpr std::size_t count = 500;
    std::thread sender{[&client = client] {
        for (std::size_t i = 0; i < count; ++i) client.send(bytes_of(pattern(i * i % 7000, i)));
    }};
    std::size_t right = 0;
    for (std::size_t i = 0; i < count; ++i) right += next_text(server) == pattern(i * i % 7000, i);
    sender.join();
    EXPECT_EQ(right, count);
}

// What is asked of all, the unreliable too, where nothing is sent before the last was received.
TEST_P(Channels, KeepMessagesOfAllLengthsWhole) {
    auto [client, server] = meet();
    for (std::size_t i = 0; i < 100; ++i) {
        const std::string sent = pattern(i * i % 7000, i);
        client.send(bytes_of(sent));
        EXPECT_TRUE(next_text(server) == sent);
    }
    EXPECT_EQ(server.losses().lost, 0u);
}

TEST_P(Channels, CarryTheLargestMessage) {
    const auto bytes =
        static_cast<std::size_t>(std::min<std::uint64_t>(facts().message_bytes_max, 9'000'000));
    auto [client, server] = meet({.message_bytes_max = bytes});
    const std::string large = pattern(bytes, 5);
    std::thread sender{[&client = client, &large] { client.send(bytes_of(large)); }};
    EXPECT_TRUE(next_text(server) == large);
    sender.join();
}

TEST_P(Channels, RefuseAMessageThatIsTooLarge) {
    auto [client, server] = meet({.message_bytes_max = 100});
    EXPECT_NE(complaint_of([&client = client] {
                  client.send(bytes_of(std::string(101, 'x')));
              }).find("101 bytes"),
              std::string::npos);
    client.send(bytes_of("still good"));
    EXPECT_EQ(next_text(server), "still good");
}

TEST_P(Channels, SendPartsAsOneMessage) {
    auto [client, server] = meet();
    const std::string large = pattern(100'000 % static_cast<std::size_t>(std::min<std::uint64_t>(
                                                    facts().message_bytes_max, 200'000)),
                                      1);
    const std::array parts{bytes_of("head "), bytes_of(large), bytes_of(" tail")};
    if (large.size() + 10 > facts().message_bytes_max) return;
    std::thread sender{[&client = client, &parts] { client.send_parts(parts); }};
    EXPECT_TRUE(next_text(server) == "head " + large + " tail");
    sender.join();
}

// ---- waiting ------------------------------------------------------------------------------------

TEST_P(Channels, HaveNothingWhereNothingWasSent) {
    auto [client, server] = meet();
    EXPECT_FALSE(server.try_receive());
    EXPECT_FALSE(server.receive_for(2ms));
    EXPECT_FALSE(server.ended());
}

TEST_P(Channels, EndAWaitWhenAStopIsAskedFor) {
    auto [client, server] = meet();
    std::stop_source stop;
    auto waiting = std::async(std::launch::async, [&server = server, &stop] {
        return server.receive(stop.get_token()).has_value();
    });
    stop.request_stop();
    EXPECT_FALSE(waiting.get());
    EXPECT_FALSE(server.ended());
    client.send(bytes_of("later"));
    EXPECT_EQ(next_text(server), "later");
}

TEST_P(Channels, HaveADescriptorThatIsReadableWhenThereIsAMessage) {
    auto [client, server] = meet();
    EXPECT_FALSE(server.try_receive());
    const int fd = server.fd();
    client.send(bytes_of("now"));
    EXPECT_TRUE(os::wait_readable(fd, after(60s)));
    EXPECT_TRUE(testing::eventually([&server = server] { return server.try_receive(); }));
}

TEST_P(Channels, HoldWhoSendsToOneThatDoesNotReceive) {
    auto [client, server] = meet({.message_bytes_max = 1000});
    if (facts().survives_both || !facts().reliable) return;  // what is sent is kept, or lost
    std::size_t sent = 0;
    while (client.try_send(bytes_of(pattern(1000, sent)))) ++sent;
    EXPECT_LT(sent, 20'000u);
    // A part of the last one may be on its way; the rest goes with the next call.
    auto rest = std::async(std::launch::async, [&client = client] { return client.flush(); });
    std::size_t right = 0;
    for (std::size_t i = 0; i < sent; ++i) right += next_text(server) == pattern(1000, i);
    EXPECT_TRUE(rest.get());
    EXPECT_EQ(right, sent);
    EXPECT_TRUE(client.send(bytes_of("there is room again")));
    EXPECT_EQ(next_text(server), "there is room again");
}

TEST_P(Channels, GiveUpSendingAtADeadline) {
    auto [client, server] = meet({.message_bytes_max = 1000});
    if (facts().survives_both || !facts().reliable) return;  // as above
    while (client.try_send(bytes_of(pattern(1000, 0)))) continue;
    EXPECT_FALSE(client.send_for(bytes_of(pattern(1000, 1)), 2ms));
}

TEST_P(Channels, ReceiveWhileAnotherThreadWaitsToSend) {
    auto [client, server] = meet();
    if (!facts().both_ways || facts().survives_both || !facts().reliable) return;  // nobody waits
    const std::string large = pattern(
        static_cast<std::size_t>(std::min<std::uint64_t>(facts().message_bytes_max, 300'000)), 1);
    while (client.send_for(bytes_of(large), 1ms)) continue;
    std::thread sender{[&client = client] { client.send(bytes_of("the last one")); }};
    server.send(bytes_of("meanwhile"));
    EXPECT_EQ(next_text(client), "meanwhile");
    while (next_text(server) != "the last one") continue;
    sender.join();
}

// ---- the end ------------------------------------------------------------------------------------

TEST_P(Channels, DeliverWhatWasSentBeforeTheEnd) {
    auto [client, server] = meet();
    {
        raw_channel leaving = std::move(client);
        leaving.send(bytes_of("last words"));
    }
    EXPECT_EQ(next_text(server), "last words");
    EXPECT_FALSE(server.receive());
    EXPECT_TRUE(server.ended());
}

TEST_P(Channels, EndOneDirectionAndGoOnInTheOther) {
    auto [client, server] = meet();
    if (!facts().ends_one_way) {
        EXPECT_NE(complaint_of([&client = client] { client.end_sending(); }), "no error");
        return;
    }
    client.end_sending();
    EXPECT_FALSE(server.receive());
    if (!facts().both_ways) return;
    server.send(bytes_of("I go on"));
    EXPECT_EQ(next_text(client), "I go on");
}

TEST_P(Channels, TellWhoSendsThatTheOtherHasClosed) {
    if (!facts().both_ways) return;  // who sends hears nothing
    auto [client, server] = meet();
    {
        const raw_channel leaving = std::move(server);
    }
    EXPECT_TRUE(testing::eventually(
        [&client = client] { return !client.send_for(bytes_of("anybody there?"), 1ms); }));
    EXPECT_FALSE(client.receive());
}

// ---- who and where ------------------------------------------------------------------------------

TEST_P(Channels, KnowWhoIsThere) {
    auto [client, server] = meet();
    const peer_identity peer = server.peer();
    using transport::identification;
    EXPECT_EQ(peer.user.has_value(), facts().peers == identification::user);
    EXPECT_EQ(peer.address.empty(), facts().peers != identification::address &&
                                        facts().peers != identification::certificate);
    EXPECT_EQ(peer.user ? peer.user->uid : geteuid(), geteuid());
}

TEST_P(Channels, PassDescriptorsOrSayThatTheyCannot) {
    auto [client, server] = meet({.descriptors_max = 4});
    os::pipe_ends ends = os::pipe_ends::create();
    const std::array descriptors{ends.writer.fd()};
    const auto send = [&, &client = client] { client.send_with(bytes_of("a pipe"), descriptors); };
    if (!facts().passes_descriptors) {
        EXPECT_NE(complaint_of(send).find("unix://"), std::string::npos);
        return;
    }
    send();
    const auto got = server.receive();
    ASSERT_TRUE(got && got->descriptors.size() == 1);
    EXPECT_EQ(write(got->descriptors.front().get(), "!", 1), 1);
    testing::text_buffer buffer{1};
    ends.reader.read_all(buffer.bytes(), after(60s));
    EXPECT_EQ(buffer.text, "!");
}

TEST_P(Channels, AreManyAtOneListener) {
    if (!facts().both_ways) return;  // one end is accepted, however many read what it sends
    const channel_options small{.message_bytes_max = 1000};  // room for many, where it is scarce
    raw_listener door = listen(small);
    std::vector<pair> all;
    for (int i = 0; i < 20; ++i) all.push_back(meet(door, small));
    for (std::size_t i = 0; i < all.size(); ++i) all[i].client.send(bytes_of(std::to_string(i)));
    for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(next_text(all[i].server), std::to_string(i));
    }
}

TEST_P(Channels, AreRefusedWhereNobodyListens) {
    EXPECT_NE(complaint_of([&] { raw_channel{book_.address(7)}; }), "no error");
}

TEST_P(Channels, AreRefusedAtAnAddressThatCannotBe) {
    const std::string bad = book_.bad_address();
    EXPECT_NE(complaint_of([&] { raw_channel{bad}; }), "no error");
    EXPECT_NE(complaint_of([&] { raw_listener{bad}; }), "no error");
}

TEST_P(Channels, HaveOneListenerAtAnAddress) {
    raw_listener door = listen();
    EXPECT_NE(complaint_of([&] { raw_listener{door.address()}; }), "no error");
    auto [client, server] = meet(door);
    client.send(bytes_of("the first one stays"));
    EXPECT_EQ(next_text(server), "the first one stays");
}

TEST_P(Channels, DoNotWaitForOneThatNeverAccepts) {
    raw_listener door = listen();
    const std::string text =
        complaint_of([&] { raw_channel{door.address(), {.handshake_limit = 20ms}}; });
    EXPECT_NE(text, "no error");
}

TEST_P(Channels, LeaveNoDescriptorsOpen) {
    {
        meet();
    }
    const int before = testing::open_descriptors();
    {
        meet();
    }
    EXPECT_EQ(testing::open_descriptors(), before);
}

// ---- types --------------------------------------------------------------------------------------

struct question {
    std::int32_t number;
    double weight;
};

struct answer {
    std::string text;
    std::vector<int> numbers;
};

TEST_P(Channels, CarryTypes) {
    if (!facts().both_ways) return;  // see below
    listener<answer, question> door{book_.address()};
    auto client = std::async(std::launch::async, [&, to = door.address()] {
        channel<question, answer> line{to};
        line.send({42, 0.5});
        return line.receive();
    });
    auto line = door.accept();
    const auto asked = line->receive();
    line->send({std::to_string(asked->number), {1, 2, 3}});
    const auto got = client.get();
    EXPECT_EQ(got->text, "42");
    EXPECT_EQ(got->numbers, (std::vector{1, 2, 3}));
}

TEST_P(Channels, CarryTypesOneWay) {
    listener<answer> door{book_.address()};
    auto client = std::async(std::launch::async,
                             [&, to = door.address()] { return channel<answer>{to}.receive(); });
    auto line = door.accept();
    line->send({"one way", {4, 5}});
    const auto got = client.get();
    EXPECT_EQ(got->text, "one way");
    EXPECT_EQ(got->numbers, (std::vector{4, 5}));
}

TEST_P(Channels, TellBothEndsThatTheirTypesDiffer) {
    listener<question> door{book_.address()};
    auto client = std::async(std::launch::async, [&, to = door.address()] {
        return complaint_of([&] { channel<answer>{to}; });
    });
    auto line = door.accept();
    EXPECT_NE(complaint_of([&] { line->receive(); }), "no error");
    EXPECT_NE(client.get().find("cannot"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Over, Channels, ::testing::ValuesIn(carriers_with_listeners()), scheme_of);

}  // namespace
}  // namespace signet::tests
