// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tcp/tcp_carrier.hpp>

#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/channel.hpp>
#include <signet/listener.hpp>
#include <signet/os/pipe.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/text_bytes.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/tcp/tcp_end.hpp>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <future>

namespace signet::transport::tcp {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::forked_peer;
using testing::scripted_kernel;
using testing::text_of;

os::ip_address number_of(const std::string& address) {
    return os::ip_address::parse(split_address(address).name);
}

std::string next_text(raw_channel& from) {
    const auto got = from.receive();
    return got ? text_of(got->bytes) : "nothing";
}

std::vector<std::byte> frame(frame_kind kind, std::span<const std::byte> body) {
    const auto header = frame_header{kind, static_cast<std::uint32_t>(body.size())}.written();
    std::vector<std::byte> all(header.begin(), header.end());
    all.insert(all.end(), body.begin(), body.end());
    return all;
}

std::vector<std::byte> hello() {
    return frame(frame_kind::hello, written_greeting({}, {}));
}

// A peer that knows TCP, and no manners.
class TcpChannels : public ::testing::Test {
protected:
    os::tcp_socket stranger() { return os::tcp_socket::connect(number_of(door_.address()), never); }

    /// What our end says of a peer that writes this and nothing else.
    std::string complaint_about(std::span<const std::byte> bytes) {
        os::tcp_socket peer = stranger();
        peer.write_all(bytes, never);
        auto line = door_.accept();
        return complaint_of([&] { line->receive_for(60s); });
    }
    std::string complaint_about(std::string_view text) { return complaint_about(bytes_of(text)); }

    raw_listener door_{"tcp://127.0.0.1:0"};
};

// ---- addresses ----------------------------------------------------------------------------------

TEST_F(TcpChannels, TellThePortThatTheKernelChose) {
    EXPECT_EQ(door_.address().find("tcp://127.0.0.1:"), 0u);
    EXPECT_NE(number_of(door_.address()).port(), 0);
}

void meet_at(raw_listener& door, const std::string& address, const std::string& peer) {
    auto client = std::async(std::launch::async, [&] { return raw_channel{address}; });
    auto server = door.accept();
    client.get().send(bytes_of("hello"));
    EXPECT_EQ(next_text(*server), "hello");
    EXPECT_EQ(server->peer().address.find(peer), 0u) << server->peer().address;
}

TEST_F(TcpChannels, MeetAtAllAddressesOfThisMachine) {
    raw_listener door{"tcp://*:0"};
    const std::string port = door.address().substr(door.address().rfind(':'));
    EXPECT_EQ(door.address(), "tcp://*" + port);
    meet_at(door, "tcp://127.0.0.1" + port, "127.0.0.1:");
    meet_at(door, "tcp://localhost" + port, "");
    meet_at(door, door.address(), "");
}

TEST_F(TcpChannels, MeetOverVersion6) {
    std::optional<raw_listener> door;
    if (complaint_of([&] { door.emplace("tcp://[::1]:0"); }) != "no error") {
        GTEST_SKIP() << "this machine has no IP version 6";
    }
    meet_at(*door, door->address(), "[::1]:");
    raw_listener any{"tcp://:0"};
    meet_at(any, "tcp://[::1]" + any.address().substr(any.address().rfind(':')), "[::1]:");
}

TEST_F(TcpChannels, ListenAtAllAddressesAlsoWhereThereIsNoVersion6) {
    scripted_kernel script;
    script.fail(SYS_socket, EAFNOSUPPORT);
    raw_listener door{"tcp://*:0"};
    meet_at(door, "tcp://127.0.0.1" + door.address().substr(door.address().rfind(':')),
            "127.0.0.1:");
}

TEST_F(TcpChannels, SayThatAPortIsTaken) {
    const std::string text = complaint_of([&] { raw_listener{door_.address()}; });
    EXPECT_NE(text.find("Address already in use; `ss -lntup"), std::string::npos) << text;
}

TEST_F(TcpChannels, SayThatNobodyListens) {
    const std::string gone = raw_listener{"tcp://127.0.0.1:0"}.address();
    const std::string text = complaint_of([&] { raw_channel{gone}; });
    EXPECT_NE(text.find("but nobody listens at that port"), std::string::npos) << text;
}

TEST_F(TcpChannels, SayThatAHostIsUnknown) {
    const std::string text = complaint_of(
        [] { raw_channel{"tcp://no-such-host.invalid:4711", {.handshake_limit = 2s}}; });
    EXPECT_NE(text.find("find the address of 'no-such-host.invalid'"), std::string::npos) << text;
}

// ---- the end of a peer --------------------------------------------------------------------------

TEST_F(TcpChannels, DeliverWhatAPeerHadSentBeforeItWasResetByItsDeath) {
    os::pipe_ends sent = os::pipe_ends::create();
    forked_peer victim{[&sent, to = door_.address()] {
        raw_channel line{to};
        for (const char* text : {"one", "two", "three"}) line.send(bytes_of(text));
        sent.writer.write_all(bytes_of("."), never);
        testing::wait_to_be_killed();
        return 0;
    }};
    auto line = door_.accept();
    EXPECT_EQ(next_text(*line), "one");
    line->send(bytes_of("unread, so that its death resets the connection"));
    sent.reader.read_all(testing::text_buffer{1}.bytes(), never);
    victim.kill();
    EXPECT_EQ(next_text(*line), "two");
    EXPECT_EQ(next_text(*line), "three");
    const auto receive = [&] { line->receive(); };
    EXPECT_NE(complaint_of(receive).find("the peer is gone"), std::string::npos);
    EXPECT_EQ(complaint_of(receive), complaint_of(receive));
}

TEST_F(TcpChannels, DeliverWhatWasSentBeforeAResetAlsoToOneThatLearnsOfItBySending) {
    os::tcp_socket peer = stranger();
    peer.write_all(hello(), never);
    peer.write_all(frame(frame_kind::message, bytes_of("last words")), never);
    auto line = door_.accept();
    peer.set_linger(0s);
    peer.close();
    const auto send = [&] { line->send_for(bytes_of("anybody there?"), 1ms); };
    EXPECT_TRUE(testing::eventually([&] { return complaint_of(send) != "no error"; }));
    EXPECT_EQ(next_text(*line), "last words");
    EXPECT_NE(complaint_of([&] { line->receive(); }).find("the peer is gone"), std::string::npos);
}

TEST_F(TcpChannels, DoNotDeliverHalfAMessage) {
    {
        os::tcp_socket peer = stranger();
        peer.write_all(hello(), never);
        peer.write_all(frame(frame_kind::message, bytes_of("whole")), never);
        auto torn = frame(frame_kind::message, bytes_of("half of it"));
        torn.resize(torn.size() - 3);
        peer.write_all(torn, never);
    }
    auto line = door_.accept();
    EXPECT_EQ(next_text(*line), "whole");
    EXPECT_NE(complaint_of([&] { line->receive(); }).find("the peer is gone"), std::string::npos);
}

TEST_F(TcpChannels, AcceptOneThatWasResetBeforeAndTheNextOne) {
    os::tcp_socket gone = stranger();
    gone.set_linger(0s);
    gone.close();
    auto line = door_.accept();
    EXPECT_NE(complaint_of([&] { line->receive(); }).find("the peer is gone"), std::string::npos);
    meet_at(door_, door_.address(), "127.0.0.1:");
}

// ---- bad peers ----------------------------------------------------------------------------------

TEST_F(TcpChannels, AreNotHeldByOneThatSaysNothing) {
    const os::tcp_socket silent = stranger();
    auto line = door_.accept();
    EXPECT_FALSE(line->receive_for(2ms));
    EXPECT_FALSE(line->try_receive());
    meet_at(door_, door_.address(), "127.0.0.1:");
}

TEST_F(TcpChannels, SayWhatIsWrongWithAPeerThatSpeaksSomethingElse) {
    constexpr std::string_view wrong = "is not a frame of Signet";
    EXPECT_NE(complaint_about("GET / HTTP/1.1\r\nHost: x\r\n\r\n").find(wrong), std::string::npos);
    EXPECT_NE(complaint_about("\x16\x03\x01\x02\x00\x01").find(wrong), std::string::npos);
    EXPECT_NE(complaint_about(std::string(1000, '\xff')).find(wrong), std::string::npos);
    EXPECT_NE(complaint_about(std::string(1000, '\0')).find(wrong), std::string::npos);
}

TEST_F(TcpChannels, TakeAnyBytesForWhatTheyAre) {
    std::uint32_t state = 1;
    for (int round = 0; round < 200; ++round) {
        std::string garbage(static_cast<std::size_t>(4 + round), '\0');
        for (char& one : garbage) one = static_cast<char>((state = state * 1664525 + 1) >> 24);
        garbage[3] = static_cast<char>(0x10 | (garbage[3] & 0x0f));  // a hello, as far as it seems
        os::tcp_socket peer = stranger();
        peer.write_all(bytes_of(garbage), never);
        peer.end_writing();
        auto line = door_.accept();
        EXPECT_NE(complaint_of([&] { line->receive_for(60s); }), "no error");
    }
}

TEST_F(TcpChannels, RefuseAHelloAndAMessageThatAreTooLong) {
    const auto long_hello = frame_header{frame_kind::hello, 1 << 20}.written();
    EXPECT_NE(complaint_about(long_hello).find("sends 1048576 bytes at once"), std::string::npos);
    auto bytes = hello();
    const auto header = frame_header{frame_kind::message, frame_header::length_max}.written();
    bytes.insert(bytes.end(), header.begin(), header.end());
    EXPECT_NE(complaint_about(bytes).find("too large"), std::string::npos);
}

TEST_F(TcpChannels, KeepLittleForAPeerThatReadsNothing) {
    os::tcp_socket peer = stranger();
    peer.write_all(hello(), never);
    auto line = door_.accept();
    const std::string large(1 << 20, 'x');
    int sent = 0;
    while (line->try_send(bytes_of(large))) ++sent;
    EXPECT_LT(sent, 64);
    EXPECT_FALSE(line->send_for(bytes_of("no room"), 2ms));
    EXPECT_FALSE(line->try_receive());
}

TEST_F(TcpChannels, SayThatTheListenerSpeaksSomethingElse) {
    os::tcp_listener other{os::ip_address::loopback(os::ip_version::v4)};
    const auto complaint = [&] {
        return std::async(std::launch::async, [to = "tcp://" + other.local_address().text()] {
            return complaint_of([&] { raw_channel{to}; });
        });
    };
    auto first = complaint();
    other.accept(never)->write_all(bytes_of("HTTP/1.1 400 Bad Request\r\n"), never);
    EXPECT_NE(first.get(), "no error");
    auto second = complaint();
    auto line = other.accept(never);
    std::vector<std::byte> read(hello().size());
    line->read_all(read, never);
    line.reset();
    EXPECT_NE(second.get().find("gone before it said hello"), std::string::npos);
}

TEST_F(TcpChannels, SpeakLinesWithWhoKnowsNothingOfSignet) {
    raw_listener door{"tcp://127.0.0.1:0", {.frames = framing::lines}};
    os::tcp_socket peer = os::tcp_socket::connect(number_of(door.address()), never);
    peer.write_all(bytes_of("one\ntwo\n"), never);
    auto line = door.accept();
    EXPECT_EQ(next_text(*line), "one");
    EXPECT_EQ(next_text(*line), "two");
    line->send(bytes_of("three"));
    testing::text_buffer buffer{6};
    peer.read_all(buffer.bytes(), never);
    EXPECT_EQ(buffer.text, "three\n");
}

// ---- the network --------------------------------------------------------------------------------

class TcpEnds : public ::testing::Test {
protected:
    os::tcp_listener listener_{os::ip_address::loopback(os::ip_version::v4)};
    tcp_end end_{os::tcp_socket::connect(listener_.local_address(), never)};
    os::tcp_socket peer_ = *listener_.accept(never);
    testing::text_buffer buffer_{8};
};

TEST_F(TcpEnds, SendAtOnceAndProbeASilentPeer) {
    EXPECT_EQ(os::socket_option(end_.read_fd(), IPPROTO_TCP, TCP_NODELAY, "ask"), 1);
    EXPECT_EQ(os::socket_option(end_.read_fd(), SOL_SOCKET, SO_KEEPALIVE, "ask"), 1);
    EXPECT_EQ(os::socket_option(end_.read_fd(), IPPROTO_TCP, TCP_KEEPIDLE, "ask"), 10);
    EXPECT_EQ(os::socket_option(end_.read_fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, "ask"), 0);
}

TEST_F(TcpEnds, TellBothDirectionsOfACutNetworkAndAgain) {
    scripted_kernel script;
    script.fail(SYS_recvfrom, ETIMEDOUT).answer(SYS_recvfrom, 0, 2).fail(SYS_sendto, EPIPE);
    const std::string cut = "cannot use connection to '" + peer_.local_address().text() +
                            "': the peer is gone; the peer answers no more: its machine or the "
                            "network between is down";
    EXPECT_EQ(complaint_of([&] { end_.read_some(buffer_.bytes(), never); }), cut);
    EXPECT_EQ(complaint_of([&] { end_.write_some(bytes_of("x"), never); }), cut);
    EXPECT_EQ(complaint_of([&] { end_.read_some(buffer_.bytes(), never); }), cut);
}

TEST_F(TcpEnds, ReadWhatCameBeforeTheNetworkWasCut) {
    peer_.write_all(bytes_of("before"), never);
    scripted_kernel script;
    script.fail(SYS_sendto, EHOSTUNREACH);
    EXPECT_NE(complaint_of([&] { end_.write_some(bytes_of("x"), never); }), "no error");
    EXPECT_EQ(end_.read_some(buffer_.bytes(), never).bytes, 6u);
}

}  // namespace
}  // namespace signet::transport::tcp
