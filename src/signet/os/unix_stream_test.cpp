// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_stream.hpp>

#include <signet/base/error.hpp>
#include <signet/os/event.hpp>
#include <signet/os/pipe.hpp>
#include <signet/os/process.hpp>
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

constexpr deadline now = deadline::min();

class UnixStreamTest : public ::testing::Test {
protected:
    UnixStreamTest() : UnixStreamTest{unix_stream_socket::pair()} {}

    unix_stream_received receive(std::size_t descriptors_max, deadline until = never) {
        return there_.receive(buffer_.bytes(), descriptors_max, until);
    }
    // The other process uses its end, says so, and is killed.
    void kill_after(const std::function<void()>& use) {
        pipe_ends ready = pipe_ends::create();
        forked_peer peer{[&] {
            use();
            ready.writer.write_all(bytes_of("r"), never);
            testing::wait_to_be_killed();
            return 0;
        }};
        here_ = unix_stream_socket{descriptor{}};
        ready.reader.read_all(buffer_.bytes().first(1), never);
        peer.kill();
    }

    unix_stream_socket here_;
    unix_stream_socket there_;
    text_buffer buffer_{8};
    temporary_directory root_;
    directory place_ = directory::open(root_.path());

private:
    explicit UnixStreamTest(std::pair<unix_stream_socket, unix_stream_socket> both)
        : here_{std::move(both.first)}, there_{std::move(both.second)} {}
};

TEST_F(UnixStreamTest, BytesGoBothWaysWithoutBoundaries) {
    here_.write_all(bytes_of("on"), never);
    here_.write_some(bytes_of("e"), now);
    EXPECT_EQ(there_.read_all(buffer_.bytes().first(3), never).bytes, 3);
    EXPECT_EQ(buffer_.first(3), "one");
    there_.write_all(bytes_of("back"), never);
    EXPECT_EQ(here_.read_some(buffer_.bytes(), after(60s)).bytes, 4);
    EXPECT_EQ(fcntl(here_.fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(UnixStreamTest, ReadingAndWritingGiveUpAtADeadlineAndTellHowFarTheyCame) {
    const std::string more(16 << 20, 'x');
    EXPECT_EQ(here_.read_some(buffer_.bytes(), after(1ms)).status, stream_status::timed_out);
    const stream_result partly = here_.write_all(bytes_of(more), after(1ms));
    EXPECT_EQ(partly.status, stream_status::timed_out);
    EXPECT_GT(partly.bytes, 0);
    EXPECT_EQ(here_.send(bytes_of("x"), std::array{0}, now).status, stream_status::timed_out);
}

TEST_F(UnixStreamTest, AnEndedDirectionLeavesTheOtherOneOpen) {
    EXPECT_TRUE(here_.end_writing());
    EXPECT_EQ(there_.read_some(buffer_.bytes(), never).status, stream_status::ended);
    EXPECT_EQ(receive(0).status, stream_status::ended);
    EXPECT_EQ(there_.write_all(bytes_of("x"), never).status, stream_status::moved);
    EXPECT_TRUE(here_.end_reading());
    EXPECT_EQ(there_.write_all(bytes_of("x"), never).status, stream_status::ended);
    EXPECT_EQ(there_.send(bytes_of("x"), {}, never).status, stream_status::ended);
}

TEST_F(UnixStreamTest, AReadEndsBehindTheBytesThatHaveDescriptors) {
    event bell;
    here_.write_all(bytes_of("a"), never);
    EXPECT_EQ(here_.send(bytes_of("bc"), std::array{bell.fd()}, never).bytes, 2);
    here_.write_all(bytes_of("d"), never);
    unix_stream_received result = receive(1);
    EXPECT_EQ(buffer_.first(result.bytes), "abc");
    ASSERT_EQ(result.descriptors.size(), 1);
    EXPECT_EQ(fcntl(result.descriptors[0].get(), F_GETFD), FD_CLOEXEC);
    signal_event(result.descriptors[0]);
    EXPECT_TRUE(bell.drain());
    EXPECT_EQ(receive(1).bytes, 1);
}

TEST_F(UnixStreamTest, DescriptorsNobodyAskedForAreClosed) {
    const int before = open_descriptors();
    here_.send(bytes_of("a"), std::array{0, 0, 0}, never);
    here_.send(bytes_of("b"), std::array{0, 0}, never);
    EXPECT_EQ(there_.read_some(buffer_.bytes(), never).bytes, 1);
    EXPECT_EQ(open_descriptors(), before);
    const unix_stream_received result = receive(1);
    EXPECT_TRUE(result.descriptors_lost);
    EXPECT_EQ(result.descriptors.size(), 1);
    EXPECT_EQ(open_descriptors(), before + 1);
}

TEST_F(UnixStreamTest, MoreThanOneSendMovesIsSentToItsEnd) {
    const std::string large(1 << 20, 'x');
    forked_peer peer{[&] {
        text_buffer all{large.size()};
        return there_.read_all(all.bytes(), never).bytes == large.size() ? 0 : 1;
    }};
    EXPECT_EQ(here_.send(bytes_of(large), std::array{0}, never).bytes, large.size());
    EXPECT_EQ(peer.exit_code(), 0);
}

TEST_F(UnixStreamTest, SendingNothingOrTooManyDescriptorsBreaksTheContract) {
    EXPECT_THROW(here_.send({}, std::array{0}, now), contract_violation);
    const std::vector<int> many(message_descriptors_max + 1, 0);
    EXPECT_THROW(here_.send(bytes_of("x"), many, now), contract_violation);
}

TEST_F(UnixStreamTest, APeerThatRefusesDescriptorsGetsNone) {
    if (!there_.refuse_descriptors()) GTEST_SKIP() << "this kernel has no SO_PASSRIGHTS";
    EXPECT_EQ(complaint_of([&] { here_.send(bytes_of("x"), std::array{0}, never); }),
              "cannot send descriptors '1 of them': Operation not permitted; the peer refuses "
              "descriptors");
}

TEST_F(UnixStreamTest, APeerKilledWithNothingUnreadIsTheEndAfterItsBytes) {
    kill_after([&] { here_.write_all(bytes_of("done"), never); });
    EXPECT_EQ(there_.read_all(buffer_.bytes(), never), (stream_result{stream_status::ended, 4}));
    EXPECT_EQ(there_.write_all(bytes_of("x"), never).status, stream_status::ended);
}

TEST_F(UnixStreamTest, APeerKilledWithBytesUnreadIsAResetAfterItsBytes) {
    there_.write_all(bytes_of("unread"), never);
    kill_after([&] { here_.write_all(bytes_of("done"), never); });
    EXPECT_EQ(there_.read_all(buffer_.bytes(), never), (stream_result{stream_status::reset, 4}));
}

TEST_F(UnixStreamTest, AListenerTakesPeersAndKnowsWhoTheyAre) {
    unix_stream_listener listener{place_, "name"};
    EXPECT_FALSE(listener.accept(now));
    EXPECT_FALSE(listener.accept(after(1ms)));
    forked_peer peer{[&] {
        auto socket = unix_stream_socket::connect(place_, "name", never);
        return socket->read_some(buffer_.bytes(), never).bytes == 2 ? 0 : 1;
    }};
    auto accepted = listener.accept(never);
    EXPECT_EQ(accepted->credentials().pid, peer.pid());
    EXPECT_TRUE(accepted->peer_pidfd());
    accepted->write_all(bytes_of("hi"), never);
    EXPECT_EQ(peer.exit_code(), 0);
}

TEST_F(UnixStreamTest, AKilledListenerLeavesItsNameAtWhichNobodyListens) {
    pipe_ends ready = pipe_ends::create();
    forked_peer peer{[&] {
        const unix_stream_listener listener{place_, "name"};
        ready.writer.write_all(bytes_of("r"), never);
        testing::wait_to_be_killed();
        return 0;
    }};
    ready.reader.read_all(buffer_.bytes().first(1), never);
    auto waiting = unix_stream_socket::connect(place_, "name", never);
    peer.kill();
    EXPECT_EQ(waiting->read_some(buffer_.bytes(), never).status, stream_status::reset);
    EXPECT_FALSE(unix_stream_socket::connect(place_, "name", never));
    EXPECT_NE(complaint_of([&] { unix_stream_listener(place_, "name"); }).find("is stale"),
              std::string::npos);
    EXPECT_TRUE(place_.remove("name"));
}

TEST_F(UnixStreamTest, AnAbstractNameIsOpenToEveryUserAndSoCredentialsTell) {
    const unix_address address =
        unix_address::abstract("signet-stream-" + std::to_string(getpid()));
    unix_stream_listener listener{address};
    const auto stranger = [&] {
        syscall(SYS_setuid, 65534);
        return unix_stream_socket::connect(address, never) ? 0 : 1;
    };
    EXPECT_EQ(exit_code_of_forked(stranger), 0);
    EXPECT_EQ(listener.accept(never)->credentials().uid, 65534);
}

TEST_F(UnixStreamTest, WithoutRightsToTheNameConnectingIsAnError) {
    chmod(root_.path().c_str(), 0755);
    const unix_stream_listener listener{place_, "name"};
    const auto stranger = [&] {
        syscall(SYS_setuid, 65534);
        const std::string text =
            complaint_of([&] { unix_stream_socket::connect(place_, "name", never); });
        return text.ends_with("Permission denied") ? 0 : 1;
    };
    EXPECT_EQ(exit_code_of_forked(stranger), 0);
}

TEST_F(UnixStreamTest, ASocketOfAnotherTypeSaysSo) {
    const descriptor other = listen_unix(unix_type::seqpacket, place_, "name", 0600, 1);
    const std::string text =
        complaint_of([&] { unix_stream_socket::connect(place_, "name", never); });
    EXPECT_NE(text.find("its owner has a socket of another type there"), std::string::npos);
}

TEST_F(UnixStreamTest, AFullBacklogIsWaitedForUntilTheDeadline) {
    const unix_stream_listener listener{place_, "name", unix_private_mode, 0};
    const auto first = unix_stream_socket::connect(place_, "name", never);
    const std::string text =
        complaint_of([&] { unix_stream_socket::connect(place_, "name", after(1ms)); });
    EXPECT_NE(text.find("its owner accepts too slowly"), std::string::npos);
}

TEST_F(UnixStreamTest, InterruptionsAreNotSeen) {
    scripted_kernel script;
    script.interrupt(SYS_sendmsg, 2).interrupt(SYS_recvmsg, 2).interrupt(SYS_sendto, 2);
    here_.send(bytes_of("x"), {}, never);
    here_.write_all(bytes_of("y"), never);
    EXPECT_EQ(receive(0).bytes, 2);
}

TEST_F(UnixStreamTest, AConnectionThatBreaksIsAReset) {
    scripted_kernel script;
    script.fail(SYS_recvmsg, ECONNRESET);
    EXPECT_EQ(receive(0).status, stream_status::reset);
    EXPECT_EQ(receive(0, now).status, stream_status::timed_out);
    EXPECT_EQ(there_.receive({}, 0, never).status, stream_status::moved);
}

TEST_F(UnixStreamTest, EachCallThatFailsIsAnError) {
    const unix_address address =
        unix_address::abstract("signet-stream-" + std::to_string(getpid()));
    const auto use = [&] {
        unix_stream_listener listener{address};
        auto client = unix_stream_socket::connect(address, never);
        auto server = listener.accept(never);
        client->send(bytes_of("x"), std::array{0}, never);
        server->receive(buffer_.bytes(), 1, never);
        server->credentials();
    };
    EXPECT_EQ(fail_each_call(EMFILE, use), std::vector<long>{SYS_close});
}

}  // namespace
}  // namespace signet::os
