// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_datagram.hpp>

#include <signet/base/error.hpp>
#include <signet/os/event.hpp>
#include <signet/os/pipe.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>
#include <signet/testing/text_bytes.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of;
using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::forked_peer;
using testing::open_descriptors;
using testing::scripted_kernel;
using testing::temporary_directory;
using testing::text_buffer;
using status = unix_datagram_status;

constexpr deadline now = deadline::min();

class UnixDatagramTest : public ::testing::Test {
protected:
    status send(std::string_view text, deadline until = never) {
        return sender_.send_to(to_, bytes_of(text), until);
    }
    unix_datagram_received receive(deadline until = never) {
        return receiver_->receive(buffer_.bytes(), until);
    }
    void fill_queue() {
        while (send("x", now) == status::moved) {
        }
    }

    temporary_directory root_;
    directory place_ = directory::open(root_.path());
    std::optional<unix_datagram_socket> receiver_{std::in_place, place_, "name"};
    unix_datagram_socket sender_{place_, "sender"};
    unix_address to_{place_, "name"};
    text_buffer buffer_{8};
};

TEST_F(UnixDatagramTest, AMessageArrivesWholeWithItsSender) {
    EXPECT_EQ(send("one"), status::moved);
    EXPECT_EQ(send(""), status::moved);
    const unix_datagram_received first = receive();
    EXPECT_EQ(buffer_.first(first.bytes), "one");
    EXPECT_EQ(first.sender->name(), "sender");
    EXPECT_EQ(first.credentials->pid, getpid());
    EXPECT_EQ(receive().bytes, 0);
    EXPECT_EQ(receive(now).status, status::timed_out);
    EXPECT_EQ(receive(after(1ms)).status, status::timed_out);
    EXPECT_EQ(fcntl(receiver_->fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(UnixDatagramTest, ASenderWithoutANameHasNone) {
    unix_datagram_socket nameless;
    nameless.send_to(to_, bytes_of("x"), never);
    EXPECT_FALSE(receive().sender);
}

TEST_F(UnixDatagramTest, AnAnswerGoesToTheSendersName) {
    forked_peer peer{[&] {
        unix_datagram_socket client{place_, "client"};
        client.send_to(to_, bytes_of("ask"), never);
        return client.receive(buffer_.bytes(), never).bytes == 6 ? 0 : 1;
    }};
    const unix_datagram_received ask = receive();
    EXPECT_EQ(ask.credentials->pid, peer.pid());
    const unix_address client{place_, ask.sender->name()};
    EXPECT_EQ(receiver_->send_to(client, bytes_of("answer"), never), status::moved);
    EXPECT_EQ(peer.exit_code(), 0);
}

TEST_F(UnixDatagramTest, AMessageLongerThanTheBufferIsTruncatedAndSaysSo) {
    send("0123456789");
    const unix_datagram_received result = receive();
    EXPECT_TRUE(result.truncated);
    EXPECT_EQ(result.bytes, 8);
}

TEST_F(UnixDatagramTest, DescriptorsComeBesideAndThoseNobodyAskedForAreClosed) {
    event bell;
    sender_.send_to(to_, bytes_of("x"), never, std::array{bell.fd()});
    auto result = receiver_->receive(buffer_.bytes(), never, 1);
    ASSERT_EQ(result.descriptors.size(), 1);
    EXPECT_EQ(fcntl(result.descriptors[0].get(), F_GETFD), FD_CLOEXEC);
    signal_event(result.descriptors[0]);
    EXPECT_TRUE(bell.drain());
    const int before = open_descriptors();
    sender_.send_to(to_, bytes_of("x"), never, std::array{0, 0, 0});
    EXPECT_TRUE(receive().descriptors_lost);
    sender_.send_to(to_, bytes_of("x"), never, std::array{0, 0, 0, 0});
    result = receiver_->receive(buffer_.bytes(), never, 2);
    EXPECT_EQ(result.descriptors.size(), 2);
    EXPECT_TRUE(result.descriptors_lost);
    result.descriptors.clear();
    EXPECT_EQ(open_descriptors(), before - 1);
}

TEST_F(UnixDatagramTest, AFullQueueIsWaitedForUntilTheDeadline) {
    fill_queue();
    EXPECT_EQ(send("x", deadline{}), status::timed_out);
    EXPECT_EQ(send("x", after(1ms)), status::timed_out);
    std::size_t held = 0;
    while (receive(now).status == status::moved) ++held;
    EXPECT_EQ(held, unix_datagram_queue_max());
}

TEST_F(UnixDatagramTest, WithoutThatSettingTheUsualLimitIsTold) {
    scripted_kernel script;
    script.fail(SYS_openat, ENOENT);
    EXPECT_EQ(unix_datagram_queue_max(), 11);
}

TEST_F(UnixDatagramTest, AWaitingSenderGoesOnWhenTheOtherProcessReceives) {
    for (const deadline until : {never, after(60s)}) {
        fill_queue();
        forked_peer peer{[&] { return receive().bytes == 1 ? 0 : 1; }};
        EXPECT_EQ(send("y", until), status::moved);
        EXPECT_EQ(peer.exit_code(), 0);
    }
}

TEST_F(UnixDatagramTest, AMessageTooLargeSaysWhatToDo) {
    const std::string large(16 << 20, 'x');
    EXPECT_EQ(complaint_of([&] { send(large); }),
              "cannot send message of 16777216 bytes '" + root_.path() +
                  "/name': Message too long; send large payloads in a memfd, or raise "
                  "net.core.wmem_max");
}

TEST_F(UnixDatagramTest, WithoutRightsToTheNameSendingIsAnError) {
    chmod(root_.path().c_str(), 0755);
    const auto stranger = [&] {
        syscall(SYS_setuid, 65534);
        const std::string text = complaint_of([&] { send("x"); });
        return text.ends_with("Permission denied; check its owner and mode") ? 0 : 1;
    };
    EXPECT_EQ(exit_code_of_forked(stranger), 0);
}

TEST_F(UnixDatagramTest, WhereThereIsNoNameOrNoOwnerThereIsNobody) {
    EXPECT_EQ(sender_.send_to({place_, "none"}, bytes_of("x"), never), status::nobody);
    receiver_.reset();
    EXPECT_EQ(send("x"), status::nobody);
    EXPECT_TRUE(place_.remove("name"));
}

TEST_F(UnixDatagramTest, AKilledReceiverLeavesItsNameAtWhichThereIsNobody) {
    forked_peer peer{[]() -> int { testing::wait_to_be_killed(); }};
    receiver_.reset();
    fill_queue();
    EXPECT_EQ(send("x", now), status::timed_out);
    peer.kill();
    EXPECT_EQ(send("x"), status::nobody);
    EXPECT_NE(complaint_of([&] { unix_datagram_socket(place_, "name"); }).find("is stale"),
              std::string::npos);
}

TEST_F(UnixDatagramTest, AKilledSenderLeavesWhatItHadSent) {
    pipe_ends ready = pipe_ends::create();
    forked_peer peer{[&] {
        send("left");
        ready.writer.write_all(bytes_of("r"), never);
        testing::wait_to_be_killed();
        return 0;
    }};
    ready.reader.read_all(buffer_.bytes().first(1), never);
    peer.kill();
    EXPECT_EQ(receive().bytes, 4);
}

TEST_F(UnixDatagramTest, AnAbstractNameIsOpenToEveryUserAndSoCredentialsTell) {
    const unix_address address = unix_address::abstract("signet-dgram-" + std::to_string(getpid()));
    unix_datagram_socket receiver{address};
    const auto stranger = [&] {
        syscall(SYS_setuid, 65534);
        return sender_.send_to(address, bytes_of("x"), never) == status::moved ? 0 : 1;
    };
    EXPECT_EQ(exit_code_of_forked(stranger), 0);
    EXPECT_EQ(receiver.receive(buffer_.bytes(), never).credentials->uid, 65534);
    EXPECT_NE(complaint_of([&] { unix_datagram_socket second{address}; }), "no error");
}

TEST_F(UnixDatagramTest, AnAbstractSenderIsAnsweredByItsAddress) {
    const unix_address own = unix_address::abstract("signet-dgram-" + std::to_string(getpid()));
    unix_datagram_socket client{own};
    client.send_to(to_, bytes_of("ask"), never);
    EXPECT_EQ(receiver_->send_to(*receive().sender, bytes_of("yes"), never), status::moved);
    EXPECT_EQ(client.receive(buffer_.bytes(), never).bytes, 3);
}

TEST_F(UnixDatagramTest, APairSendsToItsOtherEndWhileThereIsOne) {
    std::optional both = unix_datagram_socket::pair();
    EXPECT_EQ(both->first.send(bytes_of("hi"), never), status::moved);
    EXPECT_EQ(both->second.receive(buffer_.bytes(), never).bytes, 2);
    unix_datagram_socket left = std::move(both->first);
    both.reset();
    EXPECT_EQ(left.send(bytes_of("x"), never), status::nobody);
}

TEST_F(UnixDatagramTest, AReceiverThatRefusesDescriptorsGetsNone) {
    if (!receiver_->refuse_descriptors()) GTEST_SKIP() << "this kernel has no SO_PASSRIGHTS";
    const auto send_one = [&] { sender_.send_to(to_, bytes_of("x"), never, std::array{0}); };
    EXPECT_NE(complaint_of(send_one).find("the peer refuses descriptors"), std::string::npos);
}

TEST_F(UnixDatagramTest, InterruptionsAreNotSeen) {
    fill_queue();
    scripted_kernel script;
    script.fail(SYS_sendmsg, EAGAIN, 1).fail(SYS_sendmsg, EINTR, 2).answer(SYS_sendmsg, 1, 3);
    script.interrupt(SYS_recvmsg, 2);
    EXPECT_EQ(send("x", after(60s)), status::moved);
    EXPECT_EQ(receive().bytes, 1);
}

TEST_F(UnixDatagramTest, EachCallThatFailsIsAnErrorAndLeavesNoName) {
    const auto use = [&] {
        unix_datagram_socket socket{place_, "new"};
        socket.send_to({place_, "new"}, bytes_of("x"), never);
        socket.receive(buffer_.bytes(), never);
        place_.remove("new");
        unix_datagram_socket::pair();
    };
    const auto each = [&] {
        place_.remove("new");
        use();
    };
    EXPECT_EQ(fail_each_call(EMFILE, each), std::vector<long>{SYS_close});
}

}  // namespace
}  // namespace signet::os
