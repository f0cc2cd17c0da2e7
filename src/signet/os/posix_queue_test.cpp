// SPDX-License-Identifier: Apache-2.0
#include <signet/os/posix_queue.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/signal.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <thread>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::scripted_kernel;

constexpr posix_queue_geometry small{.messages_max = 2, .message_bytes_max = 16};
constexpr int nobody = 65534;

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text});
}

std::string receive_text(posix_queue& queue, deadline until = never) {
    std::vector<char> buffer(queue.geometry().message_bytes_max);
    const auto message = queue.receive(std::as_writable_bytes(std::span{buffer}), until);
    return message ? std::string(buffer.data(), message->bytes) : "nothing";
}

class PosixQueue : public ::testing::Test {
protected:
    // Past any script.
    void forget_name() const { syscall(SYS_mq_unlink, name_.c_str() + 1); }

    const std::string name_ = "/signet-test-" + std::to_string(getpid());
};

// Runs as a user without rights; what it complains of is compared there.
int becomes_nobody_and(const std::function<bool()>& holds) {
    return exit_code_of_forked([&] {
        if (syscall(SYS_setresgid, nobody, nobody, nobody) != 0) return 2;
        if (syscall(SYS_setresuid, nobody, nobody, nobody) != 0) return 2;
        return holds() ? 0 : 1;
    });
}

TEST_F(PosixQueue, AMessageArrivesWhole) {
    posix_queue queue = posix_queue::create(name_, small);
    EXPECT_TRUE(queue.send(bytes_of("hello"), 0, never));
    EXPECT_EQ(queue.size(), 1u);
    EXPECT_EQ(receive_text(queue), "hello");
    EXPECT_EQ(queue.size(), 0u);
}

TEST_F(PosixQueue, AnEmptyMessageIsAMessage) {
    posix_queue queue = posix_queue::create(name_, small);
    EXPECT_TRUE(queue.try_send({}));
    EXPECT_EQ(receive_text(queue), "");
}

TEST_F(PosixQueue, TheHighestPriorityComesFirstAndEqualOnesInOrder) {
    posix_queue queue = posix_queue::create(name_, {.messages_max = 3, .message_bytes_max = 16});
    queue.try_send(bytes_of("a"), 1);
    queue.try_send(bytes_of("b"), posix_queue::priority_max);
    queue.try_send(bytes_of("c"), 1);
    for (const char* text : {"b", "a", "c"}) EXPECT_EQ(receive_text(queue), text);
}

TEST_F(PosixQueue, APriorityIsReceivedWithItsMessage) {
    posix_queue queue = posix_queue::create(name_, small);
    queue.try_send(bytes_of("a"), 7);
    std::array<std::byte, 16> buffer;
    EXPECT_EQ(queue.try_receive(buffer), (posix_message{.bytes = 1, .priority = 7}));
    EXPECT_THROW(queue.try_send({}, posix_queue::priority_max + 1), contract_violation);
}

TEST_F(PosixQueue, AnEmptyQueueHasNothingAndAFullOneTakesNothing) {
    posix_queue queue = posix_queue::create(name_, small);
    EXPECT_EQ(receive_text(queue, deadline{}), "nothing");
    EXPECT_EQ(receive_text(queue, after(1ms)), "nothing");
    EXPECT_TRUE(queue.try_send(bytes_of("1")));
    EXPECT_TRUE(queue.try_send(bytes_of("2")));
    EXPECT_FALSE(queue.try_send(bytes_of("3")));
    EXPECT_FALSE(queue.send(bytes_of("3"), 0, after(1ms)));
}

TEST_F(PosixQueue, AWaitEndsWhenAnotherThreadDoesItsPart) {
    posix_queue queue = posix_queue::create(name_, {.messages_max = 1, .message_bytes_max = 16});
    std::thread receiver{[this] {
        posix_queue other = posix_queue::open(name_);
        for (const char* text : {"1", "2", "3"}) EXPECT_EQ(receive_text(other), text);
    }};
    for (const char* text : {"1", "2", "3"}) EXPECT_TRUE(queue.send(bytes_of(text), 0, never));
    receiver.join();
}

TEST_F(PosixQueue, TwoProcessesMeetByItsName) {
    posix_queue queue = posix_queue::create(name_, small);
    const auto answers = [this] {
        posix_queue other = posix_queue::open(name_);
        return other.send(bytes_of("from the other"), 0, never) ? 0 : 1;
    };
    EXPECT_EQ(exit_code_of_forked(answers), 0);
    EXPECT_EQ(receive_text(queue), "from the other");
}

TEST_F(PosixQueue, ItsDescriptorTellsOfMessagesAndOfRoom) {
    posix_queue queue = posix_queue::create(name_, {.messages_max = 1, .message_bytes_max = 16});
    EXPECT_FALSE(wait_readable(queue.fd(), deadline{}));
    EXPECT_TRUE(wait_writable(queue.fd(), deadline{}));
    queue.try_send({});
    EXPECT_TRUE(wait_readable(queue.fd(), deadline{}));
    EXPECT_FALSE(wait_writable(queue.fd(), deadline{}));
    EXPECT_EQ(fcntl(queue.fd(), F_GETFD), FD_CLOEXEC);
}

TEST_F(PosixQueue, ASignalTellsOnceThatItIsEmptyNoMore) {
    signal_queue signals{std::array{SIGUSR1}};
    posix_queue queue = posix_queue::create(name_, small);
    queue.notify_by_signal(SIGUSR1);
    queue.try_send({});
    EXPECT_EQ(signals.try_take(), SIGUSR1);
    receive_text(queue);
    queue.try_send({});
    EXPECT_FALSE(signals.try_take());
}

TEST_F(PosixQueue, OneProcessAtATimeIsNotified) {
    posix_queue queue = posix_queue::create(name_, small);
    queue.notify_by_signal(SIGUSR1);
    const std::string text = complaint_of([&] { queue.notify_by_signal(SIGUSR2); });
    EXPECT_EQ(text, "cannot be notified by message queue '" + name_ +
                        "': Device or resource busy; one process at a time can be; watch its "
                        "descriptor instead");
    queue.stop_notifying();
    EXPECT_NO_THROW(queue.notify_by_signal(SIGUSR2));
    queue.stop_notifying();
}

TEST_F(PosixQueue, SomebodyWhoMakesItBlockDoesNotStopATry) {
    posix_queue queue = posix_queue::create(name_, small);
    ASSERT_EQ(fcntl(queue.fd(), F_SETFL, 0), 0);
    EXPECT_EQ(receive_text(queue, deadline{}), "nothing");
    queue.try_send({});
    queue.try_send({});
    EXPECT_FALSE(queue.try_send({}));
}

TEST_F(PosixQueue, WhoOpensItGetsItsGeometry) {
    const posix_queue queue = posix_queue::create(name_, small);
    EXPECT_EQ(posix_queue::open(name_).geometry(), small);
    EXPECT_THROW(posix_queue::create(name_, {.messages_max = 0, .message_bytes_max = 1}),
                 contract_violation);
}

TEST_F(PosixQueue, ItsModeIsAsAskedWhateverTheUmask) {
    const posix_queue queue = posix_queue::create(name_, small, 0666);
    struct stat file{};
    fstat(queue.fd(), &file);
    EXPECT_EQ(file.st_mode & 0777, 0666u);
}

TEST_F(PosixQueue, TheNameGoesWithItsCreator) {
    {
        posix_queue first = posix_queue::create(name_, small);
        const posix_queue moved{std::move(first)};
        const posix_queue guest = posix_queue::open(name_);
    }
    EXPECT_FALSE(posix_queue::remove(name_));
}

TEST_F(PosixQueue, AssignmentRemovesTheNameOfTheOneBefore) {
    posix_queue queue = posix_queue::create(name_, small);
    queue = posix_queue::create(name_ + "-2", small);
    EXPECT_FALSE(posix_queue::remove(name_));
    EXPECT_NO_THROW(posix_queue::open(name_ + "-2"));
}

TEST_F(PosixQueue, ANameThatIsKeptIsThereUntilItIsRemoved) {
    posix_queue::create(name_, small).keep_name();
    EXPECT_TRUE(posix_queue::remove(name_));
    EXPECT_FALSE(posix_queue::remove(name_));
}

TEST_F(PosixQueue, ANameThatCameToMeanAnotherQueueIsLeftAlone) {
    std::optional<posix_queue> first = posix_queue::create(name_, small);
    posix_queue::remove(name_);
    const posix_queue second = posix_queue::create(name_, small);
    first.reset();
    EXPECT_NO_THROW(posix_queue::open(name_));
}

TEST_F(PosixQueue, AForkedChildLeavesTheNameAlone) {
    std::optional<posix_queue> queue = posix_queue::create(name_, small);
    EXPECT_EQ(exit_code_of_forked([&] {
                  queue.reset();
                  return 0;
              }),
              0);
    EXPECT_NO_THROW(posix_queue::open(name_));
}

TEST_F(PosixQueue, AKilledCreatorLeavesQueueAndMessages) {
    const auto dies = [this] {
        posix_queue queue = posix_queue::create(name_, small);
        queue.try_send(bytes_of("last words"));
        return kill(getpid(), SIGKILL);
    };
    EXPECT_EQ(exit_code_of_forked(dies), 128 + SIGKILL);
    posix_queue heir = posix_queue::open(name_);
    EXPECT_EQ(receive_text(heir, deadline{}), "last words");
    EXPECT_TRUE(posix_queue::remove(name_));
}

TEST_F(PosixQueue, AKilledReceiverLeavesTheQueueToOthers) {
    posix_queue queue = posix_queue::create(name_, small);
    const auto dies = [this] {
        posix_queue other = posix_queue::open(name_);
        receive_text(other);
        return kill(getpid(), SIGKILL);
    };
    queue.try_send(bytes_of("taken"));
    queue.try_send(bytes_of("left"));
    EXPECT_EQ(exit_code_of_forked(dies), 128 + SIGKILL);
    EXPECT_EQ(receive_text(queue, deadline{}), "left");
    EXPECT_TRUE(queue.try_send({}));
}

TEST_F(PosixQueue, ANameThatIsTakenSaysWhatToDo) {
    const posix_queue queue = posix_queue::create(name_, small);
    EXPECT_EQ(complaint_of([this] { posix_queue::create(name_, small); }),
              "cannot create message queue '" + name_ +
                  " (2 messages of 16 bytes)': File exists; open it; or remove it first, if it was "
                  "left by a process that died");
}

TEST_F(PosixQueue, ANameThatIsNotThereSaysSo) {
    EXPECT_EQ(complaint_of([this] { posix_queue::open(name_); }),
              "cannot open message queue '" + name_ +
                  "': No such file or directory; nobody has created it in this IPC namespace, or "
                  "it was removed");
}

TEST_F(PosixQueue, WhatIsNoNameIsAnError) {
    for (const std::string& bad : {std::string{}, std::string{"/"}, std::string{"/a/b"},
                                   std::string{".."}, std::string(257, 'a')}) {
        EXPECT_NE(complaint_of([&] { posix_queue::open(bad); }).find("1 to 255 bytes"),
                  std::string::npos);
    }
    EXPECT_FALSE(posix_queue::remove("signet-no-slash"));
}

TEST_F(PosixQueue, AMessageThatIsTooLargeSaysTheLimit) {
    posix_queue queue = posix_queue::create(name_, small);
    EXPECT_NE(complaint_of([&] {
                  queue.try_send(bytes_of("seventeen letters"));
              }).find("17 bytes, where it was created for 16"),
              std::string::npos);
    EXPECT_EQ(queue.size(), 0u);
}

TEST_F(PosixQueue, ABufferThatIsTooSmallTakesNothing) {
    posix_queue queue = posix_queue::create(name_, small);
    queue.try_send({});
    std::array<std::byte, 15> buffer;
    EXPECT_NE(complaint_of([&] { queue.try_receive(buffer); }).find("16 bytes"), std::string::npos);
    EXPECT_EQ(queue.size(), 1u);
}

TEST_F(PosixQueue, TheLimitsAreThoseOfTheKernel) {
    std::uint64_t messages = 0;
    std::ifstream{"/proc/sys/fs/mqueue/msg_max"} >> messages;
    rlimit bytes{};
    getrlimit(RLIMIT_MSGQUEUE, &bytes);
    const posix_queue_limits limits = current_posix_queue_limits();
    EXPECT_EQ(limits.messages_max, messages);
    EXPECT_TRUE(limits.message_bytes_max && limits.queues_max);
    EXPECT_EQ(limits.bytes_max.value_or(RLIM_INFINITY), bytes.rlim_cur);
}

TEST_F(PosixQueue, MoreThanTheKernelAllowsNamesTheSettingsAndTheirValues) {
    const posix_queue_limits limits = current_posix_queue_limits();
    const std::string text = complaint_of(
        [this] { posix_queue::create(name_, {.messages_max = 70000, .message_bytes_max = 16}); });
    EXPECT_EQ(text, "cannot create message queue '" + name_ +
                        " (70000 messages of 16 bytes)': Invalid argument; raise "
                        "/proc/sys/fs/mqueue/msg_max, now " +
                        std::to_string(*limits.messages_max) +
                        " messages, or /proc/sys/fs/mqueue/msgsize_max, now " +
                        std::to_string(*limits.message_bytes_max) +
                        " bytes a message, or ask for less");
}

bool set_here(const char* setting, const char* value) {
    std::ofstream file{setting};
    return (file << value << std::flush).good();
}

TEST_F(PosixQueue, RaisedLimitsAreEnoughForALargerQueue) {
    EXPECT_EQ(exit_code_of_forked([this] {
                  if (unshare(CLONE_NEWIPC) != 0) return 2;
                  if (!set_here("/proc/sys/fs/mqueue/msg_max", "100")) return 3;
                  if (!set_here("/proc/sys/fs/mqueue/msgsize_max", "16384")) return 4;
                  const rlimit room{100 << 20, 100 << 20};
                  setrlimit(RLIMIT_MSGQUEUE, &room);  // no more than it was where that is refused
                  posix_queue queue = posix_queue::create(name_, {11, 16384});
                  const std::string large(16384, 'x');
                  return queue.try_send(bytes_of(large)) && receive_text(queue) == large ? 0 : 1;
              }),
              0);
}

TEST_F(PosixQueue, MoreQueuesThanTheSystemAllowsNamesTheSetting) {
    EXPECT_EQ(exit_code_of_forked([this] {
                  if (unshare(CLONE_NEWIPC) != 0) return 2;
                  if (!set_here("/proc/sys/fs/mqueue/queues_max", "1")) return 3;
                  return becomes_nobody_and([this] {
                      const posix_queue first = posix_queue::create(name_, small);
                      const std::string text =
                          complaint_of([this] { posix_queue::create(name_ + "-2", small); });
                      return text.find("raise /proc/sys/fs/mqueue/queues_max, now 1 queues") !=
                             std::string::npos;
                  });
              }),
              0);
}

TEST_F(PosixQueue, MoreBytesThanAUserMayHaveNamesTheLimit) {
    EXPECT_EQ(becomes_nobody_and([this] {
                  const rlimit little{1000, 1000};
                  setrlimit(RLIMIT_MSGQUEUE, &little);
                  const std::string text = complaint_of([this] { posix_queue::create(name_); });
                  return text.find("(ulimit -q, now 1000 bytes)") != std::string::npos;
              }),
              0);
}

TEST_F(PosixQueue, WithoutRightsItCannotBeOpenedOrRemoved) {
    const posix_queue queue = posix_queue::create(name_, small);
    EXPECT_EQ(becomes_nobody_and([this] {
                  const std::string open = complaint_of([this] { posix_queue::open(name_); });
                  const std::string gone = complaint_of([this] { posix_queue::remove(name_); });
                  return open.find("for others than this user") != std::string::npos &&
                         gone.find("only its owner can") != std::string::npos;
              }),
              0);
}

TEST_F(PosixQueue, InterruptionsAreNotSeen) {
    scripted_kernel script;
    script.interrupt(SYS_mq_open, 2).interrupt(SYS_mq_timedsend, 2);
    script.interrupt(SYS_mq_timedreceive, 2);
    posix_queue queue = posix_queue::create(name_, small);
    EXPECT_TRUE(queue.try_send(bytes_of("x")));
    EXPECT_EQ(receive_text(queue), "x");
}

TEST_F(PosixQueue, EachCallThatFailsIsAnErrorOrBelongsToTheEnd) {
    const auto use = [this] {
        forget_name();
        posix_queue queue = posix_queue::create(name_, small);
        posix_queue guest = posix_queue::open(name_);
        guest.send(bytes_of("x"), 0, never);
        receive_text(queue);
        queue.size();
        queue.notify_by_signal(SIGUSR1);
        queue.stop_notifying();
    };
    // of the end: opened, compared, removed, closed
    EXPECT_EQ(fail_each_call(EPERM, use),
              (std::vector<long>{SYS_close, SYS_fstat, SYS_mq_open, SYS_mq_unlink}));
    forget_name();
}

TEST_F(PosixQueue, ARemovalThatFailsIsAnError) {
    scripted_kernel script;
    script.fail(SYS_mq_unlink, EIO);
    EXPECT_EQ(complaint_of([this] { posix_queue::remove(name_); }),
              "cannot remove message queue '" + name_ + "': Input/output error");
}

}  // namespace
}  // namespace signet::os
