// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_carrier.hpp>

#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/udp_socket.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/text_bytes.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/udp/udp_frame.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <future>
#include <optional>

namespace signet::transport::udp {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::scripted_kernel;
using testing::text_of;

os::ip_address number_of(const std::string& address) {
    return os::ip_address::parse(split_address(address).name);
}

std::string next_text(raw_channel& from) {
    const auto got = from.receive();
    return got ? text_of(got->bytes) : "nothing";
}

std::pair<raw_channel, raw_channel> meet(raw_listener& door, const std::string& to,
                                         const channel_options& options = {}) {
    auto client = std::async(std::launch::async, [&] { return raw_channel{to, options}; });
    auto server = door.accept();
    return {client.get(), std::move(*server)};
}

class UdpChannels : public ::testing::Test {
protected:
    std::pair<raw_channel, raw_channel> meet(const channel_options& options = {}) {
        return udp::meet(door_, door_.address(), options);
    }

    raw_listener door_{"udp://127.0.0.1:0"};
};

// ---- addresses ----------------------------------------------------------------------------------

TEST_F(UdpChannels, MeetAtAllAddressesOfThisMachine) {
    raw_listener door{"udp://*:0"};
    const std::string port = door.address().substr(door.address().rfind(':'));
    EXPECT_EQ(door.address(), "udp://*" + port);
    for (const char* host : {"udp://127.0.0.1", "udp://127.9.9.9", "udp://localhost", "udp://*"}) {
        auto [client, server] = udp::meet(door, host + port);
        client.send(bytes_of("hello"));
        EXPECT_EQ(next_text(server), "hello");
        server.send(bytes_of("hello too"));
        EXPECT_EQ(next_text(client), "hello too");
    }
}

TEST_F(UdpChannels, MeetOverVersion6) {
    std::optional<raw_listener> door;
    if (complaint_of([&] { door.emplace("udp://[::1]:0"); }) != "no error") {
        GTEST_SKIP() << "this machine has no IP version 6";
    }
    auto [client, server] = udp::meet(*door, door->address());
    client.send(bytes_of("six"));
    EXPECT_EQ(next_text(server), "six");
    EXPECT_EQ(server.peer().address.find("[::1]:"), 0u) << server.peer().address;
}

TEST_F(UdpChannels, ListenAtAllAddressesAlsoWhereThereIsNoVersion6) {
    scripted_kernel script;
    script.fail(SYS_socket, EAFNOSUPPORT);
    raw_listener door{"udp://*:0"};
    const std::string port = door.address().substr(door.address().rfind(':'));
    auto [client, server] = udp::meet(door, "udp://127.0.0.1" + port);
    EXPECT_EQ(server.peer().address.find("127.0.0.1:"), 0u);
}

TEST_F(UdpChannels, SayThatAPortIsTakenAndThatNobodyListens) {
    EXPECT_NE(complaint_of([&] { raw_listener{door_.address()}; }).find("already in use"),
              std::string::npos);
    const std::string gone = raw_listener{"udp://127.0.0.1:0"}.address();
    const std::string text = complaint_of([&] { raw_channel{gone}; });
    EXPECT_NE(text.find("but nobody listens at that port"), std::string::npos) << text;
}

TEST_F(UdpChannels, SayThatNobodyAccepts) {
    const std::string text =
        complaint_of([&] { raw_channel{door_.address(), {.handshake_limit = 5ms}}; });
    EXPECT_NE(text.find("nobody listens or accepts"), std::string::npos) << text;
}

TEST_F(UdpChannels, AreNoGroups) {
    const auto talk_to_a_group = [] { raw_channel{"udp://239.1.2.3:7000"}; };
    EXPECT_NE(complaint_of(talk_to_a_group).find("the address of a group"), std::string::npos);
    const auto listen_to_a_group = [] { raw_listener{"udp://239.1.2.3:7000"}; };
    EXPECT_NE(complaint_of(listen_to_a_group).find("the address of a group"), std::string::npos);
}

// ---- messages -----------------------------------------------------------------------------------

TEST_F(UdpChannels, CountWhatAQueueHadNoRoomFor) {
    auto [client, server] = meet();
    const std::string large(10'000, 'x');
    for (int i = 0; i < 500; ++i) EXPECT_TRUE(client.send(bytes_of(large)));
    std::uint64_t received = 0;
    while (server.try_receive()) ++received;
    client.send(bytes_of("the last"));
    EXPECT_EQ(next_text(server), "the last");
    EXPECT_EQ(server.losses().lost, 500 - received);
    EXPECT_LT(received, 500u);
    EXPECT_EQ(server.losses().ignored, 0u);
}

TEST_F(UdpChannels, CountWhatWasLostBeforeTheEnd) {
    auto [client, server] = meet();
    const std::string large(10'000, 'x');
    for (int i = 0; i < 500; ++i) client.send(bytes_of(large));
    std::uint64_t received = 0;
    while (server.try_receive()) ++received;
    client.end_sending();
    EXPECT_FALSE(server.receive());
    EXPECT_TRUE(server.ended());
    EXPECT_EQ(server.losses().lost, 500 - received);
}

TEST_F(UdpChannels, DoNotSendWhatThePeerDoesNotTake) {
    raw_listener door{"udp://127.0.0.1:0", {.message_bytes_max = 10}};
    auto [client, server] = udp::meet(door, door.address());
    EXPECT_NE(complaint_of([&client = client] {
                  client.send(bytes_of("eleven long"));
              }).find("the most is 10"),
              std::string::npos);
    EXPECT_NE(complaint_of([&server = server] { server.send(bytes_of(std::string(70'000, 'x'))); }),
              "no error");
}

// ---- the end ------------------------------------------------------------------------------------

TEST_F(UdpChannels, TellWhoOnlySendsThatTheOtherHasClosed) {
    auto [client, server] = meet();
    {
        const raw_channel leaving = std::move(server);
    }
    EXPECT_TRUE(testing::eventually([&client = client] { return !client.send(bytes_of("?")); }));
    EXPECT_FALSE(client.flush());
}

TEST_F(UdpChannels, WakeWhoReceivesWhereWhoSendsFindsNobody) {
    auto [client, server] = meet();
    auto end = std::async(std::launch::async, [&client = client] { return !client.receive(); });
    // Not a bye: as if it was killed.
    os::udp_socket thief{os::ip_address::loopback(os::ip_version::v4)};
    {
        scripted_kernel script;
        for (int i = 0; i < 3; ++i) script.fail(SYS_sendto, EPERM);
        const raw_channel leaving = std::move(server);
    }
    door_ = raw_listener{"udp://127.0.0.1:0"};
    EXPECT_TRUE(testing::eventually([&client = client] { return !client.send(bytes_of("?")); }));
    EXPECT_TRUE(end.get());
    EXPECT_TRUE(os::wait_readable(client.fd(), after(60s)));
}

TEST_F(UdpChannels, HearFromAListenerThatTheirConversationIsGone) {
    auto [client, server] = meet();
    {
        scripted_kernel script;
        for (int i = 0; i < 3; ++i) script.fail(SYS_sendto, EPERM);  // no bye
        const raw_channel leaving = std::move(server);
    }
    client.send(bytes_of("anybody?"));
    EXPECT_FALSE(door_.try_accept());
    EXPECT_FALSE(client.receive());
    EXPECT_TRUE(client.ended());
}

TEST_F(UdpChannels, MeetAgainAtThePortOfOneThatWasKilled) {
    auto [client, server] = meet();
    const os::ip_address old = os::ip_address::parse(server.peer().address);
    {
        scripted_kernel script;
        for (int i = 0; i < 3; ++i) script.fail(SYS_sendto, EPERM);  // no bye
        const raw_channel leaving = std::move(client);
    }
    os::udp_socket next{old};
    next.connect(number_of(door_.address()));
    const auto hello = [&](std::uint64_t cookie) {
        next.send(written({datagram_kind::hello, 4711, cookie}), never);
    };
    std::array<std::byte, 64> answer{};
    hello(0);
    EXPECT_FALSE(server.try_receive());
    ASSERT_EQ(next.receive_from_peer(answer, after(60s)).bytes, datagram_header::bytes);
    hello(datagram_header::read(answer)->number);
    EXPECT_FALSE(server.receive());
    EXPECT_TRUE(server.ended());
    hello(datagram_header::read(answer)->number);
    EXPECT_TRUE(door_.accept_for(60s));
}

TEST_F(UdpChannels, SayTheirWelcomeAgain) {
    os::udp_socket client{os::ip_address::loopback(os::ip_version::v4)};
    client.connect(number_of(door_.address()));
    std::array<std::byte, 1024> answer{};
    client.send(written({datagram_kind::hello, 4711, 0}), never);
    EXPECT_FALSE(door_.try_accept());
    client.receive_from_peer(answer, never);
    const auto hello = written({datagram_kind::hello, 4711, datagram_header::read(answer)->number},
                               written_greeting({}, {}));
    client.send(hello, never);
    client.send(hello, never);
    auto line = door_.accept();
    EXPECT_FALSE(door_.try_accept());  // it is the same one
    client.send(hello, never);
    EXPECT_FALSE(line->try_receive());
    for (int i = 0; i < 2; ++i) {
        client.receive_from_peer(answer, never);
        EXPECT_EQ(datagram_header::read(answer)->kind, datagram_kind::welcome);
    }
}

// ---- others -------------------------------------------------------------------------------------

class PlainUdp : public ::testing::Test {
protected:
    void send(std::string_view text) { other_.send(bytes_of(text), never); }

    raw_listener door_{"udp://127.0.0.1:0", {.frames = framing::lines}};
    os::udp_socket other_ = [this] {
        os::udp_socket made{os::ip_address::loopback(os::ip_version::v4)};
        made.connect(number_of(door_.address()));
        return made;
    }();
    testing::text_buffer buffer_{64};
};

TEST_F(PlainUdp, BeginsWithTheFirstDatagramAndHasAllLines) {
    send("one\n");
    send("two\nthree");
    auto line = door_.accept();
    EXPECT_TRUE(os::wait_readable(line->fd(), after(60s)));
    send("\n");
    for (const char* wanted : {"one", "two", "three", ""}) EXPECT_EQ(next_text(*line), wanted);
    EXPECT_FALSE(line->try_receive());
    EXPECT_FALSE(line->ended());
    EXPECT_FALSE(os::wait_readable(line->fd(), deadline::min()));
    EXPECT_FALSE(door_.try_accept());
}

TEST_F(PlainUdp, EndsWithAnEmptyDatagram) {
    send("one\n");
    auto line = door_.accept();
    send("");
    EXPECT_EQ(next_text(*line), "one");
    EXPECT_FALSE(line->receive());
    EXPECT_TRUE(line->ended());
    line->send(bytes_of("I go on"));
    EXPECT_EQ(buffer_.first(other_.receive_from_peer(buffer_.bytes(), never).bytes), "I go on\n");
    line->end_sending();
    EXPECT_EQ(other_.receive_from_peer(buffer_.bytes(), never).bytes, 0u);
}

TEST_F(PlainUdp, KeepsApartThoseWhoCameAtOnce) {
    os::udp_socket second{os::ip_address::loopback(os::ip_version::v4)};
    second.connect(number_of(door_.address()));
    send("a1\n");
    second.send(bytes_of("b1\n"), never);
    send("a2\n");
    second.send(bytes_of("b2\n"), never);
    auto a = door_.accept();
    EXPECT_TRUE(os::wait_readable(door_.fd(), after(60s)));
    auto b = door_.accept();
    for (const char* wanted : {"a1", "a2"}) EXPECT_EQ(next_text(*a), wanted);
    for (const char* wanted : {"b1", "b2"}) EXPECT_EQ(next_text(*b), wanted);
}

TEST_F(PlainUdp, HasBytesAsTheyComeAndSendsNoLineWithinALine) {
    raw_listener door{"udp://127.0.0.1:0", {.frames = framing::bytes}};
    other_.connect(number_of(door.address()));
    send("a\nb");
    auto line = door.accept();
    EXPECT_EQ(next_text(*line), "a\nb");
    EXPECT_NE(complaint_of([&] { line->send({}); }), "no error");
    raw_channel lines{door_.address(), {.frames = framing::lines}};
    EXPECT_NE(complaint_of([&] { lines.send(bytes_of("a\nb")); }).find("no line feed in it"),
              std::string::npos);
}

}  // namespace
}  // namespace signet::transport::udp
