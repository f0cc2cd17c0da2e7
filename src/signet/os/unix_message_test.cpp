// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_message.hpp>

#include <signet/base/error.hpp>
#include <signet/os/event.hpp>
#include <signet/os/kernel.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <string>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::open_descriptors;
using testing::scripted_kernel;

class UnixMessageTest : public ::testing::Test {
protected:
    UnixMessageTest() {
        std::array<int, 2> numbers{};
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, numbers.data());
        here_ = descriptor{numbers[0]};
        there_ = descriptor{numbers[1]};
    }

    send_result send(std::string_view text, std::span<const int> descriptors = {}) {
        return try_send_message(here_, std::as_bytes(std::span{text}), descriptors);
    }

    receive_result receive(std::size_t descriptors_max = 0) {
        return try_receive_message(there_, std::as_writable_bytes(std::span{buffer_}),
                                   descriptors_max);
    }

    std::string received_text() {
        const receive_result result = receive();
        if (result.status != receive_status::message) return "no message";
        return {buffer_.data(), result.bytes};
    }

    std::string complaint_of_send(int error_number) {
        scripted_kernel script;
        script.fail(SYS_sendmsg, error_number);
        return complaint_of([&] { send("x"); });
    }

    descriptor here_;
    descriptor there_;
    std::array<char, 16> buffer_{};
};

TEST_F(UnixMessageTest, MessagesKeepTheirBoundaries) {
    EXPECT_EQ(send("one"), send_result::sent);
    EXPECT_EQ(send("three"), send_result::sent);
    EXPECT_EQ(received_text(), "one");
    EXPECT_EQ(received_text(), "three");
}

TEST_F(UnixMessageTest, WithoutAMessageNothingIsWaitedFor) {
    EXPECT_EQ(receive().status, receive_status::empty);
}

TEST_F(UnixMessageTest, AMessageLongerThanTheBufferIsTruncatedAndSaysSo) {
    send("12345678901234567890");
    const receive_result result = receive();
    EXPECT_TRUE(result.truncated);
    EXPECT_EQ(result.bytes, buffer_.size());
}

TEST_F(UnixMessageTest, AMessageThatFitsIsNotTruncated) {
    send("1234567890123456");
    EXPECT_FALSE(receive().truncated);
}

TEST_F(UnixMessageTest, AnEmptyMessageBreaksTheContract) {
    EXPECT_THROW(send(""), contract_violation);
}

TEST_F(UnixMessageTest, TheQueueOfAPeerThatDoesNotReadGetsFull) {
    send_result result = send_result::sent;
    for (int i = 0; i < 100'000 && result == send_result::sent; ++i) result = send("x");
    EXPECT_EQ(result, send_result::full);
    EXPECT_EQ(received_text(), "x");
    EXPECT_EQ(send("y"), send_result::sent);
}

TEST_F(UnixMessageTest, WhatWasSentIsReadBeforeTheEnd) {
    send("last");
    here_.close();
    EXPECT_EQ(received_text(), "last");
    EXPECT_EQ(receive().status, receive_status::closed);
    EXPECT_EQ(receive().status, receive_status::closed);
}

TEST_F(UnixMessageTest, WhatWasSentIsReadEvenWhereThePeerDidNotReadOurs) {
    send("1");
    send("2");
    try_send_message(there_, std::as_bytes(std::span{"unread"}), {});
    here_.close();
    EXPECT_EQ(received_text(), "1");
    EXPECT_EQ(received_text(), "2");
    EXPECT_EQ(receive().status, receive_status::closed);
}

TEST_F(UnixMessageTest, AConnectionThatIsResetTwiceIsClosed) {
    scripted_kernel script;
    script.fail(SYS_recvmsg, ECONNRESET, 1).fail(SYS_recvmsg, ECONNRESET, 2);
    EXPECT_EQ(receive().status, receive_status::closed);
}

TEST_F(UnixMessageTest, SendingToAPeerThatIsGoneIsClosedAndNoSignal) {
    there_.close();
    EXPECT_EQ(send("x"), send_result::closed);
}

TEST_F(UnixMessageTest, SendingOnAConnectionThatWasResetIsClosed) {
    scripted_kernel script;
    script.fail(SYS_sendmsg, ECONNRESET);
    EXPECT_EQ(send("x"), send_result::closed);
}

TEST_F(UnixMessageTest, InterruptionsAreNotSeen) {
    scripted_kernel script;
    script.interrupt(SYS_sendmsg, 2).interrupt(SYS_recvmsg, 2);
    EXPECT_EQ(send("x"), send_result::sent);
    EXPECT_EQ(received_text(), "x");
}

TEST_F(UnixMessageTest, ADescriptorArrivesOpenAndIsClosedByExec) {
    event bell;
    send("x", std::array{bell.fd()});
    receive_result result = receive(1);
    ASSERT_EQ(result.descriptors.size(), 1);
    EXPECT_FALSE(result.descriptors_lost);
    EXPECT_EQ(fcntl(result.descriptors[0].get(), F_GETFD), FD_CLOEXEC);
    signal_event(result.descriptors[0]);
    EXPECT_TRUE(bell.drain());
}

TEST_F(UnixMessageTest, DescriptorsArriveInTheirOrder) {
    event a;
    event b;
    send("x", std::array{a.fd(), b.fd()});
    const receive_result result = receive(2);
    ASSERT_EQ(result.descriptors.size(), 2);
    signal_event(result.descriptors[1]);
    EXPECT_FALSE(a.drain());
    EXPECT_TRUE(b.drain());
}

TEST_F(UnixMessageTest, DescriptorsNobodyAskedForAreLostAndNotOpen) {
    const int before = open_descriptors();
    send("x", std::array{0});
    const receive_result result = receive(0);
    EXPECT_EQ(result.status, receive_status::message);
    EXPECT_TRUE(result.descriptors_lost);
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(UnixMessageTest, DescriptorsBeyondTheCapAreClosed) {
    const int before = open_descriptors();
    for (const int cap : {1, 2, 3}) {
        send("x", std::array{0, 0, 0, 0, 0});
        const receive_result result = receive(static_cast<std::size_t>(cap));
        EXPECT_EQ(result.descriptors.size(), cap);
        EXPECT_TRUE(result.descriptors_lost);
        EXPECT_EQ(open_descriptors(), before + cap);
    }
}

TEST_F(UnixMessageTest, AsManyDescriptorsArriveAsTheKernelCarries) {
    const std::vector<int> many(message_descriptors_max, 0);
    EXPECT_EQ(send("x", many), send_result::sent);
    EXPECT_EQ(receive(1000).descriptors.size(), message_descriptors_max);
}

TEST_F(UnixMessageTest, MoreDescriptorsThanThatBreakTheContract) {
    const std::vector<int> many(message_descriptors_max + 1, 0);
    EXPECT_THROW(send("x", many), contract_violation);
}

TEST_F(UnixMessageTest, DescriptorsThatFindNoRoomInOurTableAreReportedLost) {
    send("x", std::array{0, 0});
    const auto lost = [&] {
        const rlimit none_left{0, 0};
        setrlimit(RLIMIT_NOFILE, &none_left);
        return receive(2).descriptors_lost ? 1 : 0;
    };
    EXPECT_EQ(exit_code_of_forked(lost), 1);
}

TEST_F(UnixMessageTest, DescriptorsOfAMessageThatIsDroppedAreClosed) {
    const int before = open_descriptors();
    send("x", std::array{0, 0, 0});
    receive(3);
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(UnixMessageTest, ADescriptorThatIsNotOpenCannotBeSent) {
    EXPECT_EQ(complaint_of([&] { send("x", std::array{-1}); }),
              "cannot send message '1 bytes': Bad file descriptor");
}

TEST_F(UnixMessageTest, AMessageBeyondTheLimitOfTheKernelSaysWhatToDo) {
    const std::string large(16 << 20, 'x');
    EXPECT_EQ(complaint_of([&] { send(large); }),
              "cannot send message '16777216 bytes': Message too long; "
              "send large payloads in a memfd, or raise net.core.wmem_max");
}

TEST_F(UnixMessageTest, TheLargestMessageIsSentAndALargerOneIsNot) {
    const std::string most(unix_message_bytes_max(), 'x');
    EXPECT_EQ(send(most), send_result::sent);
    EXPECT_NE(complaint_of([&] { send(most + "x"); }), "no error");
}

TEST_F(UnixMessageTest, SendingThatFailsOtherwiseIsAnErrorWithItsAdvice) {
    EXPECT_EQ(complaint_of_send(EPERM),
              "cannot send message '1 bytes': Operation not permitted; "
              "the peer refuses descriptors");
    EXPECT_NE(complaint_of_send(ETOOMANYREFS).find("; the peer must receive"), std::string::npos);
    EXPECT_NE(complaint_of_send(ENOBUFS).find("; free memory"), std::string::npos);
}

TEST_F(UnixMessageTest, ReceivingFromWhatIsNoSocketIsAnError) {
    there_ = event{}.handle().duplicate();
    EXPECT_EQ(complaint_of([&] { receive(); }),
              "cannot receive message: Socket operation on non-socket");
}

}  // namespace
}  // namespace signet::os
