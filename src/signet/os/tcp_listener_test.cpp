// SPDX-License-Identifier: Apache-2.0
#include <signet/os/tcp_listener.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/text_bytes.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::scripted_kernel;

const ip_address loopback = ip_address::loopback(ip_version::v4);

TEST(TcpListener, WithPortZeroItHasOneOfTheKernelsChoice) {
    const tcp_listener listener{loopback};
    EXPECT_NE(listener.local_address().port(), 0);
    EXPECT_EQ(listener.local_address().host_text(), "127.0.0.1");
    EXPECT_EQ(fcntl(listener.fd(), F_GETFD), FD_CLOEXEC);
}

TEST(TcpListener, WithoutAPeerItGivesUpAtTheDeadline) {
    tcp_listener listener{loopback};
    EXPECT_FALSE(listener.try_accept());
    EXPECT_FALSE(listener.accept(after(1ms)));
}

TEST(TcpListener, APortInUseSaysHowToFindByWhom) {
    const tcp_listener first{loopback};
    const ip_address address = first.local_address();
    const std::string port = std::to_string(address.port());
    EXPECT_EQ(complaint_of([&] { tcp_listener second(address); }),
              "cannot bind socket to '" + address.text() +
                  "': Address already in use; `ss -lntup 'sport = :" + port +
                  "'` tells who has the port");
}

TEST(TcpListener, APortIsFreeAgainWhileItsOldConnectionsLinger) {
    std::optional<tcp_listener> first{loopback};
    const ip_address address = first->local_address();
    tcp_socket client = tcp_socket::connect(address, never);
    first->accept(never)->close();
    first.reset();
    EXPECT_NE(complaint_of([&] { tcp_listener(address, {.reuse_address = toggle::off}); }),
              "no error");
    EXPECT_NO_THROW(tcp_listener{address});
}

TEST(TcpListener, APortIsSharedByThoseWhoAllSaySo) {
    const tcp_listener_options sharing{.reuse_port = toggle::on};
    const tcp_listener first{loopback, sharing};
    EXPECT_NO_THROW(tcp_listener(first.local_address(), sharing));
    EXPECT_NE(complaint_of([&] { tcp_listener{first.local_address()}; }), "no error");
}

TEST(TcpListener, AnAddressOfAnotherMachineSaysWhereOwnOnesAreListed) {
    const ip_address other = ip_address::parse("192.0.2.1:0");
    EXPECT_EQ(complaint_of([&] { tcp_listener{other}; }),
              "cannot bind socket to '192.0.2.1:0': Cannot assign requested address; no interface "
              "has that address; `ip address` lists them");
}

TEST(TcpListener, AnInterfaceThatIsNotThereSaysSo) {
    scripted_kernel script;
    script.fail(SYS_bind, ENODEV);
    const std::string text = complaint_of([&] { tcp_listener{loopback}; });
    EXPECT_NE(text.find("there is no such interface; `ip link`"), std::string::npos) << text;
}

TEST(TcpListener, ALowPortTakesPrivilege) {
    const auto without_rights = [] {
        syscall(SYS_setuid, 65534);
        const std::string text = complaint_of([] { tcp_listener{loopback.with_port(1)}; });
        return text.find("ip_unprivileged_port_start") != std::string::npos ? 0 : 1;
    };
    EXPECT_EQ(exit_code_of_forked(without_rights), 0);
}

TEST(TcpListener, OfVersion6OnlyItRefusesVersion4) {
    const tcp_listener six{ip_address::any(ip_version::v6)};
    const ip_address four = loopback.with_port(six.local_address().port());
    EXPECT_NE(complaint_of([&] { tcp_socket::connect(four, never); }), "no error");
}

TEST(TcpListener, OfBothVersionsItTakesVersion4) {
    tcp_listener both{ip_address::any(ip_version::v6), {.reach = v6_reach::also_v4}};
    const ip_address four = loopback.with_port(both.local_address().port());
    const tcp_socket client = tcp_socket::connect(four, never);
    EXPECT_EQ(both.accept(never)->peer_address().host_text(), "::ffff:127.0.0.1");
}

TEST(TcpListener, APeerThatIsGoneAgainIsPassedOver) {
    tcp_listener listener{loopback};
    const tcp_socket client = tcp_socket::connect(listener.local_address(), never);
    scripted_kernel script;
    script.fail(SYS_accept4, ECONNABORTED, 1).fail(SYS_accept4, EPROTO, 2);
    EXPECT_TRUE(listener.accept(never));
}

TEST(TcpListener, AtTheLimitOfOpenFilesThePeerGoesOnWaiting) {
    tcp_listener listener{loopback};
    const tcp_socket client = tcp_socket::connect(listener.local_address(), never);
    {
        scripted_kernel script;
        script.fail(SYS_accept4, EMFILE);
        const std::string text = complaint_of([&] { listener.accept(never); });
        EXPECT_EQ(text.find("cannot accept a connection: Too many open files; raise"), 0);
    }
    EXPECT_TRUE(listener.accept(never));
}

TEST(TcpListener, EachCallThatFailsIsAnError) {
    const auto use = [] {
        tcp_listener listener{ip_address::loopback(ip_version::v6)};
        listener.accept(after(1ms));
    };
    EXPECT_EQ(fail_each_call(EMFILE, use), std::vector<long>{SYS_close});
}

}  // namespace
}  // namespace signet::os
