// SPDX-License-Identifier: Apache-2.0
#include <signet/os/tcp_attempt.hpp>

#include <signet/os/poll.hpp>
#include <signet/os/tcp_listener.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::fail_each_call;
using testing::scripted_kernel;

const ip_address loopback = ip_address::loopback(ip_version::v4);

TEST(TcpAttempt, IsWritableWhenItIsConnected) {
    tcp_listener listener{loopback};
    tcp_attempt attempt{listener.local_address()};
    EXPECT_TRUE(wait_writable(attempt.fd(), after(60s)));
    EXPECT_EQ(attempt.finish().peer_address(), attempt.to());
}

TEST(TcpAttempt, GoesOnWhenItIsInterrupted) {
    tcp_listener listener{loopback};
    scripted_kernel script;
    script.answer(SYS_connect, -EINTR);
    EXPECT_NO_THROW(tcp_attempt{listener.local_address()});
}

TEST(TcpAttempt, WhereNobodyListensIsRefused) {
    const ip_address gone = tcp_listener{loopback}.local_address();
    const auto tried = [&] {
        tcp_attempt attempt{gone};
        wait_writable(attempt.fd(), after(60s));
        attempt.finish();
    };
    EXPECT_NE(complaint_of(tried).find("Connection refused"), std::string::npos);
}

TEST(TcpAttempt, ThatWasWaitedForInVainSaysSo) {
    tcp_listener listener{loopback};
    const tcp_attempt attempt{listener.local_address()};
    EXPECT_EQ(complaint_of([&] { attempt.give_up(); }),
              "cannot connect to '" + attempt.to().text() + "': Connection timed out");
}

TEST(TcpAttempt, EachCallThatFailsIsAnError) {
    tcp_listener listener{loopback};
    const auto use = [&] {
        tcp_attempt attempt{listener.local_address(), loopback};
        wait_writable(attempt.fd(), never);
        attempt.finish();
    };
    EXPECT_EQ(fail_each_call(ENOBUFS, use), std::vector<long>{SYS_close});
}

}  // namespace
}  // namespace signet::os
