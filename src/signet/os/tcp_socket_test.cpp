// SPDX-License-Identifier: Apache-2.0
#include <signet/os/tcp_socket.hpp>

#include <signet/base/error.hpp>
#include <signet/os/pipe.hpp>
#include <signet/os/tcp_listener.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/text_bytes.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
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

class TcpSocketTest : public ::testing::Test {
protected:
    tcp_socket connect() { return tcp_socket::connect(listener_.local_address(), never); }
    stream_status read(tcp_socket& socket) {
        return socket.read_some(buffer_.bytes(), never).status;
    }
    // The peer's process says when it has come so far; what it does then is being killed.
    void killed_after(const std::function<void(tcp_socket&)>& use,
                      const std::function<void(tcp_socket&)>& before_kill = {}) {
        pipe_ends ready = pipe_ends::create();
        forked_peer peer{[&] {
            tcp_socket socket = connect();
            use(socket);
            ready.writer.write_all(bytes_of("r"), never);
            testing::wait_to_be_killed();
            return 0;
        }};
        server_ = listener_.accept(never);
        ready.reader.read_all(buffer_.bytes().first(1), never);
        if (before_kill) before_kill(*server_);
        peer.kill();
    }
    std::string complaint_of_connect(const ip_address& to, int error_number) {
        scripted_kernel script;
        script.fail(SYS_connect, error_number);
        return complaint_of([&] { tcp_socket::connect(to, never); });
    }

    tcp_listener listener_{loopback};
    tcp_socket client_ = connect();
    std::optional<tcp_socket> server_ = listener_.accept(never);
    text_buffer buffer_{8};
};

TEST_F(TcpSocketTest, BytesGoBothWays) {
    client_.write_all(bytes_of("ask"), never);
    EXPECT_EQ(server_->read_all(buffer_.bytes().first(3), never).bytes, 3);
    server_->write_some(bytes_of("answer"), now);
    EXPECT_EQ(client_.read_all(buffer_.bytes().first(6), after(60s)).bytes, 6);
    EXPECT_EQ(buffer_.first(6), "answer");
}

TEST_F(TcpSocketTest, BothEndsKnowTheirAddressesAndAreClosedByExec) {
    EXPECT_EQ(client_.local_address(), server_->peer_address());
    EXPECT_EQ(client_.peer_address(), listener_.local_address());
    EXPECT_EQ(fcntl(client_.fd(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(fcntl(server_->fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(TcpSocketTest, ItConnectsFromAnAddressOfItsChoice) {
    const ip_address from = ip_address::parse("127.0.0.2:0");
    const tcp_socket socket = tcp_socket::connect(listener_.local_address(), never, from);
    EXPECT_EQ(socket.local_address().host_text(), "127.0.0.2");
}

TEST_F(TcpSocketTest, ReadingAndWritingGiveUpAtADeadlineAndTellHowFarTheyCame) {
    const std::string more(64 << 20, 'x');
    for (const deadline until : {now, deadline{}, after(1ms)}) {
        EXPECT_EQ(client_.read_some(buffer_.bytes(), until).status, stream_status::timed_out);
    }
    const stream_result partly = client_.write_all(bytes_of(more), after(1ms));
    EXPECT_EQ(partly.status, stream_status::timed_out);
    EXPECT_GT(partly.bytes, 0);
    EXPECT_LT(partly.bytes, more.size());
}

TEST_F(TcpSocketTest, AnEndedDirectionLeavesTheOtherOneOpen) {
    client_.write_all(bytes_of("last"), never);
    EXPECT_TRUE(client_.end_writing());
    EXPECT_EQ(server_->read_all(buffer_.bytes(), never), (stream_result{stream_status::ended, 4}));
    server_->write_all(bytes_of("yes"), never);
    EXPECT_EQ(read(client_), stream_status::moved);
    EXPECT_EQ(client_.write_all(bytes_of("x"), never).status, stream_status::ended);
    EXPECT_TRUE(client_.end_reading());
}

TEST_F(TcpSocketTest, APeerKilledWithNothingUnreadIsTheEndAfterItsBytes) {
    killed_after([](tcp_socket& socket) { socket.write_all(bytes_of("done"), never); });
    EXPECT_EQ(server_->read_all(buffer_.bytes(), never), (stream_result{stream_status::ended, 4}));
}

TEST_F(TcpSocketTest, APeerKilledWithBytesUnreadIsAReset) {
    killed_after([](tcp_socket&) {},
                 [](tcp_socket& server) { server.write_all(bytes_of("unread"), never); });
    EXPECT_EQ(read(*server_), stream_status::reset);
}

TEST_F(TcpSocketTest, WritingToADeadPeerIsNoSignal) {
    killed_after([](tcp_socket&) {});
    stream_result result{stream_status::moved, 0};
    while (result.status == stream_status::moved) result = server_->write_all(bytes_of("x"), never);
    EXPECT_TRUE(result.status == stream_status::reset || result.status == stream_status::ended);
    EXPECT_EQ(server_->write_all(bytes_of("x"), never).status, stream_status::ended);
}

TEST_F(TcpSocketTest, AKilledListenerResetsWhomItHadNotAccepted) {
    pipe_ends address = pipe_ends::create();
    forked_peer server{[&] {
        tcp_listener listener{loopback};
        const std::string text = listener.local_address().text();
        address.writer.write_all(bytes_of(text), never);
        testing::wait_to_be_killed();
        return 0;
    }};
    text_buffer text{64};
    const std::size_t bytes = address.reader.read_some(text.bytes(), never).bytes;
    tcp_socket socket = tcp_socket::connect(ip_address::parse(text.first(bytes)), never);
    server.kill();
    EXPECT_EQ(read(socket), stream_status::reset);
}

TEST_F(TcpSocketTest, CloseCanThrowTheRestAwayAndReset) {
    client_.set_linger(0s);
    client_.close();
    EXPECT_EQ(read(*server_), stream_status::reset);
    server_->set_linger(std::nullopt);
}

TEST_F(TcpSocketTest, ItsOptionsReachTheKernel) {
    client_.set_no_delay(toggle::on);
    client_.set_keep_alive(keep_alive{.idle = 7s, .interval = 3s, .count = 5});
    client_.set_user_timeout(1500ms);
    const auto option = [&](int level, int number) {
        return socket_option(client_.fd(), level, number, "ask");
    };
    EXPECT_EQ(option(IPPROTO_TCP, TCP_NODELAY), 1);
    EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 7);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), 3);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPCNT), 5);
    EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 1500);
    client_.set_keep_alive(std::nullopt);
    EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 0);
}

TEST_F(TcpSocketTest, AnOldKernelRepeatsAsItLikes) {
    client_.set_retry_interval_max(2s);
    scripted_kernel script;
    script.fail(SYS_setsockopt, ENOPROTOOPT).fail(SYS_setsockopt, EINVAL, 2);
    EXPECT_FALSE(client_.set_retry_interval_max(2s));
    EXPECT_NE(complaint_of([&] { client_.set_retry_interval_max(2s); }), "no error");
}

TEST_F(TcpSocketTest, OptionsOutOfRangeBreakTheContract) {
    EXPECT_THROW(client_.set_keep_alive(keep_alive{.idle = 0s}), contract_violation);
    EXPECT_THROW(client_.set_user_timeout(-1ms), contract_violation);
}

TEST_F(TcpSocketTest, WhereNobodyListensItIsRefused) {
    const ip_address gone = tcp_listener{loopback}.local_address();
    EXPECT_EQ(complaint_of([&] { tcp_socket::connect(gone, never); }),
              "cannot connect to '" + gone.text() +
                  "': Connection refused; the machine is there, but nobody listens at that port");
}

TEST_F(TcpSocketTest, ASocketDoesNotConnectWithItself) {
    const ip_address own = tcp_listener{loopback}.local_address();
    const std::string text = complaint_of([&] { tcp_socket::connect(own, never, own); });
    EXPECT_NE(text.find("Connection refused"), std::string::npos) << text;
}

TEST_F(TcpSocketTest, AMachineThatDoesNotAnswerTimesOut) {
    scripted_kernel script;
    script.answer(SYS_connect, -EINPROGRESS).answer(SYS_ppoll, 0);
    const ip_address to = listener_.local_address();
    EXPECT_EQ(complaint_of([&] { tcp_socket::connect(to, after(1ms)); }),
              "cannot connect to '" + to.text() + "': Connection timed out");
}

TEST_F(TcpSocketTest, AnInterruptedConnectGoesOn) {
    scripted_kernel script;
    script.interrupt(SYS_ppoll, 2);
    EXPECT_NO_THROW(connect());
}

TEST_F(TcpSocketTest, WhatTheNetworkDeniesSaysWhatToLookAt) {
    const auto text = [&](int number) { return complaint_of_connect(loopback, number); };
    EXPECT_NE(text(ENETUNREACH).find("`ip route get`"), std::string::npos);
    EXPECT_NE(text(EHOSTUNREACH).find("`ip route get`"), std::string::npos);
    EXPECT_NE(text(EADDRNOTAVAIL).find("all ports"), std::string::npos);
    EXPECT_NE(text(EPERM).find("firewall"), std::string::npos);
    EXPECT_NE(text(EACCES).find("firewall"), std::string::npos);
    EXPECT_NE(text(ENODEV).find("`ip link`"), std::string::npos);
}

TEST_F(TcpSocketTest, APeerThatIsGoneHasNoAddress) {
    client_.set_linger(0s);
    client_.close();
    read(*server_);
    EXPECT_EQ(complaint_of([&] { server_->peer_address(); }),
              "cannot ask for the peer's address: Transport endpoint is not connected");
    EXPECT_FALSE(server_->end_writing());
}

TEST_F(TcpSocketTest, EachCallThatFailsIsAnError) {
    const auto use = [&] {
        tcp_socket socket = tcp_socket::connect(listener_.local_address(), never, loopback);
        socket.set_no_delay(toggle::on);
        socket.set_linger(0s);
        socket.set_user_timeout(1s);
        socket.set_keep_alive(keep_alive{});
        socket.write_all(bytes_of("x"), never);
        socket.peer_address();
    };
    const auto accept = [&] {
        const tcp_socket socket = connect();
        listener_.accept(never);
    };
    EXPECT_EQ(fail_each_call(ENOBUFS, use), std::vector<long>{SYS_close});
    while (listener_.try_accept()) {
    }
    EXPECT_EQ(fail_each_call(ENOBUFS, accept), std::vector<long>{SYS_close});
}

}  // namespace
}  // namespace signet::os
