// SPDX-License-Identifier: Apache-2.0
#include <signet/os/udp_socket.hpp>

#include <signet/base/error.hpp>
#include <signet/os/network_interface.hpp>
#include <signet/os/pipe.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/text_bytes.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::fail_each_call;
using testing::forked_peer;
using testing::scripted_kernel;
using testing::text_buffer;

constexpr deadline now = deadline::min();
const ip_address loopback = ip_address::loopback(ip_version::v4);

class UdpSocketTest : public ::testing::Test {
protected:
    udp_received receive(udp_socket& socket, deadline until = never) {
        return socket.receive(buffer_.bytes(), until);
    }
    void send(std::string_view text) {
        there_.send_to(here_.local_address(), bytes_of(text), never);
    }

    udp_socket here_{loopback};
    udp_socket there_{loopback};
    unsigned lo_ = interface_index("lo");
    text_buffer buffer_{8};
};

TEST_F(UdpSocketTest, ADatagramArrivesWholeWithItsSender) {
    send("one");
    send("");
    const udp_received first = receive(here_);
    EXPECT_EQ(buffer_.first(first.bytes), "one");
    EXPECT_EQ(first.sender, there_.local_address());
    EXPECT_FALSE(first.truncated);
    EXPECT_EQ(receive(here_, after(60s)).bytes, 0);
    EXPECT_EQ(receive(here_, now).status, datagram_status::timed_out);
    EXPECT_EQ(receive(here_, after(1ms)).status, datagram_status::timed_out);
    EXPECT_EQ(fcntl(here_.fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(UdpSocketTest, Version6IsNoDifferent) {
    udp_socket six{ip_address::loopback(ip_version::v6)};
    six.send_to(six.local_address(), bytes_of("six"), never);
    EXPECT_EQ(receive(six).sender, six.local_address());
}

TEST_F(UdpSocketTest, OneSocketOfVersion6ServesBoth) {
    udp_socket both{ip_address::any(ip_version::v6), {.reach = v6_reach::also_v4}};
    there_.send_to(loopback.with_port(both.local_address().port()), bytes_of("x"), never);
    EXPECT_EQ(receive(both).sender->host_text(), "::ffff:127.0.0.1");
}

TEST_F(UdpSocketTest, ADatagramLongerThanTheBufferIsTruncatedAndSaysSo) {
    send("0123456789");
    const udp_received result = receive(here_);
    EXPECT_TRUE(result.truncated);
    EXPECT_EQ(result.bytes, 8);
}

TEST_F(UdpSocketTest, TheLargestDatagramArrivesAndALargerOneIsAnError) {
    const ip_address to = here_.local_address();
    const std::string most(udp_bytes_max(ip_version::v4), 'x');
    text_buffer large{most.size() + 1};
    EXPECT_EQ(there_.send_to(to, bytes_of(most), never), datagram_status::moved);
    EXPECT_EQ(here_.receive(large.bytes(), never).bytes, 65507);
    EXPECT_EQ(complaint_of([&] { there_.send_to(to, bytes_of(most + "x"), never); }),
              "cannot send datagram of 65508 bytes to '" + to.text() +
                  "': Message too long; a datagram has at most 65507 bytes, or 65527 by version "
                  "6; send it in pieces, or by TCP");
    udp_socket six{ip_address::loopback(ip_version::v6)};
    const std::string more(udp_bytes_max(ip_version::v6), 'x');
    EXPECT_EQ(six.send_to(six.local_address(), bytes_of(more), never), datagram_status::moved);
}

TEST_F(UdpSocketTest, WhatFindsNoRoomIsCounted) {
    here_.set_receive_buffer_bytes(1);
    for (int i = 0; i < 100; ++i) send("12345678");
    std::uint32_t lost = 0;
    while (receive(here_, now).status == datagram_status::moved) {
    }
    send("after");
    lost = receive(here_).lost_before;
    EXPECT_GT(lost, 0);
}

TEST_F(UdpSocketTest, TheReceiveBufferIsWhatTheKernelGrants) {
    EXPECT_EQ(here_.set_receive_buffer_bytes(100'000), 200'000);
    EXPECT_EQ(here_.receive_buffer_bytes(), 200'000);
}

TEST_F(UdpSocketTest, AConnectedSocketTalksWithItsPeerOnly) {
    udp_socket stranger{loopback};
    here_.connect(there_.local_address());
    stranger.send_to(here_.local_address(), bytes_of("strange"), never);
    send("known");
    EXPECT_EQ(receive(here_).bytes, 5);
    EXPECT_EQ(here_.send(bytes_of("x"), never), datagram_status::moved);
    EXPECT_EQ(receive(there_).sender, here_.local_address());
}

TEST_F(UdpSocketTest, ToAKilledPeerAConnectedSocketIsRefused) {
    pipe_ends address = pipe_ends::create();
    forked_peer peer{[&] {
        const udp_socket socket{loopback};
        address.writer.write_all(bytes_of(socket.local_address().text()), never);
        testing::wait_to_be_killed();
        return 0;
    }};
    text_buffer text{64};
    here_.connect(
        ip_address::parse(text.first(address.reader.read_some(text.bytes(), never).bytes)));
    peer.kill();
    EXPECT_EQ(here_.send(bytes_of("x"), never), datagram_status::moved);
    EXPECT_EQ(receive(here_).status, datagram_status::refused);
    here_.send(bytes_of("x"), never);
    EXPECT_EQ(here_.send(bytes_of("x"), never), datagram_status::refused);
}

TEST_F(UdpSocketTest, OneAtAllAddressesAnswersFromTheAddressThatWasAsked) {
    udp_socket any{ip_address::any(ip_version::v4), {.tell_destination = toggle::on}};
    const auto asked = ip_address::parse("127.0.0.9").with_port(any.local_address().port());
    there_.connect(asked);
    there_.send(bytes_of("who?"), never);
    const udp_received got = receive(any);
    EXPECT_EQ(got.destination, asked.with_port(0));
    EXPECT_EQ(any.answer(got, bytes_of("me")), datagram_status::moved);
    EXPECT_EQ(there_.receive_from_peer(buffer_.bytes(), never).bytes, 2u);
    EXPECT_THROW(any.answer({}, bytes_of("me")), contract_violation);
}

TEST_F(UdpSocketTest, OneOfVersion6AnswersBothVersionsFromThatAddress) {
    udp_socket any{ip_address::any(ip_version::v6),
                   {.tell_destination = toggle::on, .reach = v6_reach::also_v4}};
    const std::uint16_t port = any.local_address().port();
    udp_socket six{ip_address::any(ip_version::v6)};
    there_.connect(ip_address::parse("127.0.0.9").with_port(port));
    six.connect(ip_address::loopback(ip_version::v6, port));
    for (udp_socket* one : {&there_, &six}) {
        one->send(bytes_of("who?"), never);
        EXPECT_EQ(any.answer(receive(any), bytes_of("me")), datagram_status::moved);
        EXPECT_EQ(one->receive_from_peer(buffer_.bytes(), never).bytes, 2u);
    }
}

TEST_F(UdpSocketTest, APeersDatagramIsTruncatedLikeAnyOther) {
    here_.connect(there_.local_address());
    send("0123456789");
    text_buffer two{2};
    EXPECT_EQ(here_.peek(two.bytes()).bytes, 2u);
    EXPECT_EQ(two.text, "01");
    const udp_received got = here_.receive_from_peer(buffer_.bytes(), never);
    EXPECT_TRUE(got.truncated);
    EXPECT_EQ(got.bytes, 8u);
    EXPECT_EQ(here_.peek(two.bytes()).status, datagram_status::timed_out);
}

TEST_F(UdpSocketTest, APortIsSharedWithWhoIsConnectedWhileThatIsAllowed) {
    const udp_options shared{.share_with_user = toggle::on};
    const auto is_taken = [&](const udp_options& how) {
        return complaint_of([&] { udp_socket{here_.local_address(), how}; }) != "no error";
    };
    EXPECT_TRUE(is_taken(shared));
    here_.set_share_with_user(toggle::on);
    udp_socket ours{here_.local_address(), shared};
    here_.set_share_with_user(toggle::off);
    ours.connect(there_.local_address());
    EXPECT_TRUE(is_taken({}));
    send("to ours");
    EXPECT_EQ(receive(ours).bytes, 7u);
    udp_socket{loopback}.send_to(here_.local_address(), bytes_of("other"), never);
    EXPECT_EQ(receive(here_).bytes, 5u);
}

TEST_F(UdpSocketTest, AKilledSendersDatagramsStay) {
    forked_peer peer{[&] {
        send("left");
        return 0;
    }};
    peer.exit_code();
    EXPECT_EQ(receive(here_).bytes, 4);
}

TEST_F(UdpSocketTest, SendingWithoutAPeerBreaksTheContract) {
    EXPECT_THROW(here_.send(bytes_of("x"), never), contract_violation);
}

TEST_F(UdpSocketTest, AGroupIsReceivedByAllThatJoined) {
    const ip_address group = ip_address::parse("239.255.77.1");
    const udp_options shared{.share_port = toggle::on};
    udp_socket first{ip_address::any(ip_version::v4), shared};
    const std::uint16_t port = first.local_address().port();
    udp_socket second{ip_address::any(ip_version::v4, port), shared};
    first.join(group, lo_);
    second.join(group, lo_);
    there_.set_multicast_interface(lo_);
    there_.set_multicast_hops(0);
    there_.send_to(group.with_port(port), bytes_of("all"), never);
    EXPECT_EQ(receive(first).bytes, 3);
    EXPECT_EQ(receive(second).bytes, 3);
    second.leave(group, lo_);
    there_.send_to(group.with_port(port), bytes_of("all"), never);
    EXPECT_EQ(receive(first).bytes, 3);
    EXPECT_EQ(receive(second, now).status, datagram_status::timed_out);
}

// Few machines have a way for groups of version 6 through lo; where there is none, that is said.
TEST_F(UdpSocketTest, AGroupOfVersion6IsNoDifferent) {
    const ip_address group = ip_address::parse("ff01::77");
    udp_socket six{ip_address::any(ip_version::v6)};
    six.join(group, lo_);
    six.set_multicast_interface(lo_);
    six.set_multicast_hops(1);
    const ip_address to = group.with_port(six.local_address().port());
    const std::string text = complaint_of([&] { six.send_to(to, bytes_of("all"), never); });
    EXPECT_TRUE(text == "no error" ? receive(six).bytes == 3
                                   : text.find("`ip route get`") != std::string::npos)
        << text;
    six.leave(group, lo_);
    EXPECT_NE(complaint_of([&] { six.leave(group, lo_); }), "no error");
}

TEST_F(UdpSocketTest, WhetherThisMachineReceivesItsMulticastsReachesTheKernel) {
    udp_socket six{ip_address::any(ip_version::v6)};
    for (const toggle value : {toggle::off, toggle::on}) {
        const int wanted = value == toggle::on ? 1 : 0;
        there_.set_multicast_loopback(value);
        six.set_multicast_loopback(value);
        EXPECT_EQ(socket_option(there_.fd(), IPPROTO_IP, IP_MULTICAST_LOOP, "ask"), wanted);
        EXPECT_EQ(socket_option(six.fd(), IPPROTO_IPV6, IPV6_MULTICAST_LOOP, "ask"), wanted);
    }
}

TEST_F(UdpSocketTest, JoiningWhatCannotBeJoinedSaysWhy) {
    const ip_address group = ip_address::parse("239.255.77.3");
    const auto join = [&](unsigned index) {
        return complaint_of([&] { here_.join(group, index); });
    };
    EXPECT_EQ(join(1'000'000),
              "cannot join group '239.255.77.3': No such device; there is no such "
              "interface; `ip link` lists them");
    EXPECT_EQ(join(lo_), "no error");
    EXPECT_NE(join(lo_).find("it has joined already"), std::string::npos);
    here_.leave(group, lo_);
    const std::string text = complaint_of([&] { here_.leave(group, lo_); });
    EXPECT_NE(text.find("it had not joined there"), std::string::npos) << text;
    EXPECT_THROW(here_.join(loopback, lo_), contract_violation);
    EXPECT_THROW(here_.set_multicast_hops(256), contract_violation);
}

TEST_F(UdpSocketTest, TooManyGroupsSayWhatToRaise) {
    scripted_kernel script;
    script.fail(SYS_setsockopt, ENOBUFS);
    const ip_address group = ip_address::parse("239.255.77.4");
    const std::string text = complaint_of([&] { here_.join(group, lo_); });
    EXPECT_NE(text.find("raise /proc/sys/net/ipv4/igmp_max_memberships"), std::string::npos);
}

TEST_F(UdpSocketTest, ABroadcastTakesPermission) {
    const ip_address all = ip_address::parse("127.255.255.255:9");
    const std::string text = complaint_of([&] { here_.send_to(all, bytes_of("x"), never); });
    EXPECT_NE(text.find("a broadcast address takes permission first"), std::string::npos) << text;
    here_.set_broadcast(toggle::on);
    EXPECT_EQ(here_.send_to(all, bytes_of("x"), never), datagram_status::moved);
}

TEST_F(UdpSocketTest, AFullSendQueueIsWaitedForUntilTheDeadline) {
    scripted_kernel script;
    script.fail(SYS_sendto, EAGAIN, 1).fail(SYS_sendto, EAGAIN, 2).answer(SYS_ppoll, 1);
    const ip_address to = there_.local_address();
    EXPECT_EQ(here_.send_to(to, bytes_of("x"), now), datagram_status::timed_out);
    EXPECT_EQ(here_.send_to(to, bytes_of("x"), after(60s)), datagram_status::moved);
}

TEST_F(UdpSocketTest, InterruptionsAreNotSeen) {
    scripted_kernel script;
    script.interrupt(SYS_sendto, 2).interrupt(SYS_recvmsg, 2).interrupt(SYS_recvfrom, 2);
    script.interrupt(SYS_sendmsg, 2);
    send("x");
    EXPECT_EQ(here_.answer(receive(here_), bytes_of("y")), datagram_status::moved);
    EXPECT_EQ(there_.receive_from_peer(buffer_.bytes(), never).bytes, 1u);
}

TEST_F(UdpSocketTest, EachCallThatFailsIsAnError) {
    const auto use = [&] {
        udp_socket socket{loopback,
                          {.share_port = toggle::on,
                           .share_with_user = toggle::on,
                           .tell_destination = toggle::on}};
        socket.set_multicast_interface(lo_);
        socket.connect(socket.local_address());
        socket.send(bytes_of("x"), never);
        const udp_received got = socket.receive(buffer_.bytes(), never);
        socket.answer(got, bytes_of("y"));
        socket.receive_from_peer(buffer_.bytes(), never);
    };
    EXPECT_EQ(fail_each_call(ENOBUFS, use), std::vector<long>{SYS_close});
}

}  // namespace
}  // namespace signet::os
