// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_socket.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/process.hpp>
#include <signet/os/unix_listener.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <fstream>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::fail_each_call;
using testing::scripted_kernel;
using testing::temporary_directory;

constexpr std::array one_byte{std::byte{1}};

class UnixSocketTest : public ::testing::Test {
protected:
    std::optional<seqpacket_socket> connect(deadline until = never) {
        return seqpacket_socket::connect(place_, "name", until);
    }

    std::string path() { return "'" + root_.path() + "/name'"; }

    temporary_directory root_;
    directory place_ = directory::open(root_.path());
};

TEST_F(UnixSocketTest, APairIsConnectedAndClosedByExec) {
    auto [here, there] = seqpacket_socket::pair();
    std::array<std::byte, 4> buffer;
    EXPECT_EQ(here.try_send(one_byte), send_result::sent);
    EXPECT_EQ(there.try_receive(buffer).bytes, 1);
    EXPECT_EQ(fcntl(here.fd(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(fcntl(there.fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(UnixSocketTest, WhereThereIsNoNameNobodyListens) {
    EXPECT_FALSE(connect());
}

TEST_F(UnixSocketTest, AtTheNameOfADeadListenerNobodyListens) {
    {
        const seqpacket_listener listener{place_, "name"};
    }
    EXPECT_EQ(place_.list().size(), 1);
    EXPECT_FALSE(connect());
}

TEST_F(UnixSocketTest, AConnectionIsClosedByExec) {
    const seqpacket_listener listener{place_, "name"};
    EXPECT_EQ(fcntl(connect()->fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(UnixSocketTest, AFileIsNoListener) {
    std::ofstream{root_.path() + "/name"};
    EXPECT_FALSE(connect());
}

TEST_F(UnixSocketTest, AFullBacklogIsWaitedForUntilTheDeadline) {
    const seqpacket_listener listener{place_, "name", seqpacket_listener::private_mode, 0};
    const auto first = connect();
    const std::string text =
        "cannot connect to " + path() + ": Connection timed out; its owner accepts too slowly";
    EXPECT_EQ(complaint_of([&] { connect(after(1ms)); }), text);
    EXPECT_EQ(complaint_of([&] { connect(deadline{}); }), text);
}

TEST_F(UnixSocketTest, AnInterruptedConnectIsMadeAgain) {
    const seqpacket_listener listener{place_, "name"};
    scripted_kernel script;
    script.interrupt(SYS_connect, 2);
    EXPECT_TRUE(connect(after(20s)));
    EXPECT_EQ(script.calls(SYS_connect), 3);
}

TEST_F(UnixSocketTest, ConnectingThatIsForbiddenIsAnError) {
    scripted_kernel script;
    script.fail(SYS_connect, EACCES);
    EXPECT_EQ(complaint_of([&] { connect(); }),
              "cannot connect to " + path() + ": Permission denied");
}

TEST_F(UnixSocketTest, ThePeersOfAPairAreThisProcess) {
    const auto [here, there] = seqpacket_socket::pair();
    EXPECT_EQ(here.credentials().pid, getpid());
    EXPECT_EQ(here.credentials().uid, geteuid());
    EXPECT_EQ(here.credentials().gid, getegid());
}

TEST_F(UnixSocketTest, ThePidfdOfThePeerIsARunningProcess) {
    const auto [here, there] = seqpacket_socket::pair();
    std::optional<descriptor> pidfd = here.peer_pidfd();
    if (!pidfd) GTEST_SKIP() << "this kernel has no SO_PEERPIDFD";
    EXPECT_EQ(fcntl(pidfd->get(), F_GETFD), FD_CLOEXEC);
    EXPECT_TRUE(process::adopt(std::move(*pidfd)).running());
}

TEST_F(UnixSocketTest, AKernelThatCannotTellThePeerGivesNoPidfd) {
    const auto [here, there] = seqpacket_socket::pair();
    for (const int number : {ENOPROTOOPT, EINVAL, ESRCH, ENODATA}) {
        scripted_kernel script;
        script.fail(SYS_getsockopt, number);
        EXPECT_FALSE(here.peer_pidfd()) << number;
    }
}

TEST_F(UnixSocketTest, APeerThatRefusesDescriptorsGetsNone) {
    auto [here, there] = seqpacket_socket::pair();
    if (!there.refuse_descriptors()) GTEST_SKIP() << "this kernel has no SO_PASSRIGHTS";
    EXPECT_EQ(complaint_of([&] { here.try_send(one_byte, std::array{0}); }),
              "cannot send message '1 bytes': Operation not permitted; "
              "the peer refuses descriptors");
    EXPECT_EQ(here.try_send(one_byte), send_result::sent);
}

TEST_F(UnixSocketTest, AKernelThatCannotRefuseDescriptorsSaysSo) {
    auto [here, there] = seqpacket_socket::pair();
    scripted_kernel script;
    script.fail(SYS_setsockopt, ENOPROTOOPT);
    EXPECT_FALSE(here.refuse_descriptors());
}

TEST_F(UnixSocketTest, AShutdownEndsBothDirections) {
    auto [here, there] = seqpacket_socket::pair();
    here.shutdown();
    std::array<std::byte, 4> buffer;
    EXPECT_EQ(there.try_receive(buffer).status, receive_status::closed);
    EXPECT_EQ(there.try_send(one_byte), send_result::closed);
    EXPECT_EQ(here.try_send(one_byte), send_result::closed);
}

TEST_F(UnixSocketTest, EachCallThatFailsIsAnError) {
    const auto use = [] {
        auto [here, there] = seqpacket_socket::pair();
        here.credentials();
        here.peer_pidfd();
        here.try_send(one_byte, std::array{0});
        std::array<std::byte, 4> buffer;
        there.try_receive(buffer, 1);
        here.shutdown();
    };
    EXPECT_EQ(fail_each_call(EMFILE, use), std::vector<long>{SYS_close});
}

TEST_F(UnixSocketTest, ConnectingFailsWithAnErrorAtEachOfItsCalls) {
    const seqpacket_listener listener{place_, "name"};
    for (const deadline until : {never, after(20s)}) {
        EXPECT_EQ(fail_each_call(EMFILE, [&] { connect(until); }), std::vector<long>{SYS_close});
    }
}

}  // namespace
}  // namespace signet::os
