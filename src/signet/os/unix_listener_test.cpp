// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_listener.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::fail_each_call;
using testing::scripted_kernel;
using testing::temporary_directory;

class UnixListenerTest : public ::testing::Test {
protected:
    std::optional<seqpacket_socket> connect(std::string_view name) {
        return seqpacket_socket::connect(place_, name, never);
    }

    unsigned mode_of(const std::string& name) {
        struct stat file{};
        stat((root_.path() + "/" + name).c_str(), &file);
        return file.st_mode & 07777U;
    }

    temporary_directory root_;
    directory place_ = directory::open(root_.path());
};

TEST_F(UnixListenerTest, WithoutPeersThereIsNobodyToAccept) {
    seqpacket_listener listener{place_, "name"};
    EXPECT_FALSE(listener.try_accept());
}

TEST_F(UnixListenerTest, APeerThatConnectsIsAccepted) {
    seqpacket_listener listener{place_, "name"};
    auto client = connect("name");
    EXPECT_TRUE(wait_readable(listener.fd(), never));
    auto server = listener.try_accept();
    ASSERT_TRUE(server);
    std::array<std::byte, 4> buffer;
    EXPECT_EQ(client->try_send(std::array{std::byte{1}}), send_result::sent);
    EXPECT_EQ(server->try_receive(buffer).status, receive_status::message);
}

TEST_F(UnixListenerTest, ItAndWhatItAcceptsAreClosedByExec) {
    seqpacket_listener listener{place_, "name"};
    const auto client = connect("name");
    EXPECT_EQ(fcntl(listener.fd(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(fcntl(listener.try_accept()->fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(UnixListenerTest, OnlyTheOwnerMayConnectUnlessAskedOtherwise) {
    const mode_t before = umask(0);
    const seqpacket_listener listener{place_, "name"};
    umask(before);
    EXPECT_EQ(mode_of("name"), 0600U);
}

TEST_F(UnixListenerTest, ItHasExactlyItsModeWhateverTheUmask) {
    const mode_t before = umask(0777);
    const seqpacket_listener listener{place_, "name", 0660};
    umask(before);
    EXPECT_EQ(mode_of("name"), 0660U);
}

TEST_F(UnixListenerTest, ItIsFoundUnderEachOfItsNames) {
    seqpacket_listener listener{place_, ".new"};
    place_.rename(".new", "name");
    place_.link("name", place_, "second");
    EXPECT_TRUE(connect("name"));
    EXPECT_TRUE(connect("second"));
    EXPECT_TRUE(listener.try_accept());
    EXPECT_TRUE(listener.try_accept());
}

TEST_F(UnixListenerTest, ANameThatIsTakenSaysWhatToDo) {
    const seqpacket_listener first{place_, "name"};
    EXPECT_EQ(complaint_of([&] { seqpacket_listener(place_, "name"); }),
              "cannot bind socket '" + root_.path() +
                  "/name': Address already in use; the name is taken; remove it if it is stale");
}

TEST_F(UnixListenerTest, ANameThatFailsToListenIsRemoved) {
    for (const long number : {SYS_listen, SYS_fchmodat}) {
        scripted_kernel script;
        script.fail(number, EIO);
        EXPECT_THROW(seqpacket_listener(place_, "name"), error);
        EXPECT_TRUE(place_.list().empty());
    }
}

TEST_F(UnixListenerTest, AtAnAbstractAddressItIsFoundAndGoesWithItsSocket) {
    const std::string name = "signet-test-" + std::to_string(getpid());
    const unix_address address = unix_address::abstract(name);
    {
        seqpacket_listener listener{address};
        const auto client = seqpacket_socket::connect(address, never);
        EXPECT_EQ(listener.try_accept()->credentials().uid, geteuid());
        EXPECT_EQ(complaint_of([&] { seqpacket_listener second(address); }),
                  "cannot bind socket '@" + name +
                      "': Address already in use; a running process has the name; `ss -xlp` tells "
                      "which");
    }
    EXPECT_FALSE(seqpacket_socket::connect(address, never));
    EXPECT_THROW(seqpacket_listener(unix_address(place_, "name")), contract_violation);
}

TEST_F(UnixListenerTest, APeerThatIsGoneAgainIsPassedOver) {
    seqpacket_listener listener{place_, "name"};
    const auto client = connect("name");
    scripted_kernel script;
    script.fail(SYS_accept4, ECONNABORTED, 1).fail(SYS_accept4, EINTR, 2);
    EXPECT_TRUE(listener.try_accept());
}

TEST_F(UnixListenerTest, AtTheLimitOfOpenFilesThePeerGoesOnWaiting) {
    seqpacket_listener listener{place_, "name"};
    const auto client = connect("name");
    for (const int number : {EMFILE, ENFILE}) {
        scripted_kernel script;
        script.fail(SYS_accept4, number);
        const std::string text = complaint_of([&] { listener.try_accept(); });
        EXPECT_NE(text.find("cannot accept a connection: Too many open files"), std::string::npos);
        EXPECT_NE(text.find("; "), std::string::npos);
    }
    EXPECT_TRUE(listener.try_accept());
}

TEST_F(UnixListenerTest, EachCallThatFailsIsAnErrorAndLeavesNoName) {
    const auto listen = [&] {
        unlink((root_.path() + "/name").c_str());
        const seqpacket_listener listener{place_, "name"};
    };
    EXPECT_EQ(fail_each_call(EMFILE, listen), std::vector<long>{SYS_close});
}

}  // namespace
}  // namespace signet::os
