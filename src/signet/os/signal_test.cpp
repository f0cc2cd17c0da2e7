// SPDX-License-Identifier: Apache-2.0
#include <signet/os/signal.hpp>

#include <signet/base/error.hpp>
#include <signet/os/child.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/process.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::scripted_kernel;

constexpr std::array user_signals{SIGUSR1, SIGUSR2};

bool is_blocked(int number) {
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, nullptr, &now);
    return sigismember(&now, number) == 1;
}

TEST(BlockedSignals, AllAreBlockedAndThenAsBefore) {
    {
        const blocked_signals all;
        EXPECT_TRUE(is_blocked(SIGTERM));
        EXPECT_TRUE(is_blocked(SIGRTMAX));
    }
    EXPECT_FALSE(is_blocked(SIGTERM));
    EXPECT_FALSE(is_blocked(SIGRTMAX));
}

TEST(BlockedSignals, OnlyThoseNamedAreBlocked) {
    const blocked_signals some{user_signals};
    EXPECT_TRUE(is_blocked(SIGUSR1));
    EXPECT_TRUE(is_blocked(SIGUSR2));
    EXPECT_FALSE(is_blocked(SIGTERM));
}

TEST(BlockedSignals, AThreadStartedMeanwhileInheritsThem) {
    const blocked_signals all;
    std::thread{[] { EXPECT_TRUE(is_blocked(SIGTERM)); }}.join();
}

TEST(BlockedSignals, TheInnerEndsBeforeTheOuter) {
    const blocked_signals outer{user_signals};
    {
        const blocked_signals inner;
    }
    EXPECT_TRUE(is_blocked(SIGUSR1));
    EXPECT_FALSE(is_blocked(SIGTERM));
}

TEST(BlockedSignals, ANumberThatIsNoSignalBreaksTheContract) {
    EXPECT_THROW(blocked_signals(std::array{0}), contract_violation);
    EXPECT_THROW(blocked_signals(std::array{65}), contract_violation);
}

TEST(BlockedSignals, BlockingThatFailsIsAnError) {
    scripted_kernel script;
    script.fail(SYS_rt_sigprocmask, EINVAL);
    EXPECT_EQ(complaint_of([] { const blocked_signals all; }),
              "cannot block signals: Invalid argument");
}

TEST(SignalQueue, WithoutASignalThereIsNothingToTake) {
    signal_queue queue{user_signals};
    EXPECT_FALSE(queue.try_take());
    EXPECT_FALSE(wait_readable(queue.fd(), deadline{}));
}

TEST(SignalQueue, ASignalIsTakenInsteadOfDelivered) {
    signal_queue queue{user_signals};
    raise(SIGUSR2);
    EXPECT_TRUE(wait_readable(queue.fd(), never));
    EXPECT_EQ(queue.try_take(), SIGUSR2);
    EXPECT_FALSE(queue.try_take());
}

TEST(SignalQueue, ItIsClosedByExec) {
    const signal_queue queue{user_signals};
    EXPECT_EQ(fcntl(queue.fd(), F_GETFD), FD_CLOEXEC);
}

TEST(SignalQueue, ItsEndUnblocks) {
    {
        const signal_queue queue{user_signals};
    }
    EXPECT_FALSE(is_blocked(SIGUSR1));
}

TEST(SignalQueue, AQueueThatCannotBeMadeUnblocks) {
    scripted_kernel script;
    script.fail(SYS_signalfd4, EMFILE);
    EXPECT_NE(complaint_of([] { signal_queue{user_signals}; }).find("cannot collect signals"),
              std::string::npos);
    EXPECT_FALSE(is_blocked(SIGUSR1));
}

TEST(SignalQueue, AnInterruptedTakeIsMadeAgain) {
    signal_queue queue{user_signals};
    raise(SIGUSR1);
    scripted_kernel script;
    script.interrupt(SYS_read, 2);
    EXPECT_EQ(queue.try_take(), SIGUSR1);
}

TEST(SignalQueue, ATakeThatFailsIsAnError) {
    signal_queue queue{user_signals};
    scripted_kernel script;
    script.fail(SYS_read, EIO);
    EXPECT_EQ(complaint_of([&] { queue.try_take(); }), "cannot take a signal: Input/output error");
}

TEST(SignalQueue, ASignalTellsWhoSentIt) {
    signal_queue queue{user_signals};
    raise(SIGUSR1);
    const auto info = queue.receive(never);
    EXPECT_EQ(info->number, SIGUSR1);
    EXPECT_EQ(info->pid, getpid());
    EXPECT_EQ(info->uid, getuid());
    EXPECT_FALSE(info->has_value());
    EXPECT_FALSE(queue.receive(after(std::chrono::milliseconds{1})));
}

TEST(SignalQueue, AValueArrivesWhole) {
    constexpr std::uint64_t value = 0xfedc'ba98'7654'3210;
    signal_queue queue{std::array{real_time_signal(0)}};
    EXPECT_TRUE(queue_signal(getpid(), real_time_signal(0), value));
    const auto info = queue.try_receive();
    EXPECT_EQ(info->value, value);
    EXPECT_TRUE(info->has_value());
}

TEST(SignalQueue, AnIntOfTheCLibraryIsInTheLowerHalf) {
    signal_queue queue{std::array{real_time_signal(0)}};
    sigval value{};
    value.sival_int = -2;
    sigqueue(getpid(), real_time_signal(0), value);
    EXPECT_EQ(static_cast<int>(queue.try_receive()->value), -2);
}

TEST(SignalQueue, StandardSignalsMergeAndTheFirstValueStays) {
    signal_queue queue{user_signals};
    queue_signal(getpid(), SIGUSR1, 1);
    queue_signal(getpid(), SIGUSR1, 2);
    EXPECT_EQ(queue.try_receive()->value, 1u);
    EXPECT_FALSE(queue.try_receive());
}

TEST(SignalQueue, RealTimeSignalsQueueInOrderTheLowerNumberFirst) {
    const int low = real_time_signal(1);
    const int high = real_time_signal(2);
    signal_queue queue{std::array{low, high}};
    queue_signal(getpid(), high, 1);
    queue_signal(getpid(), low, 2);
    queue_signal(getpid(), low, 3);
    for (const std::uint64_t value : {2, 3, 1}) EXPECT_EQ(queue.try_receive()->value, value);
}

TEST(SignalQueue, AnotherProcessIsSentAValueAndAnswers) {
    const int number = real_time_signal(0);
    signal_queue queue{std::array{number}};
    const int parent = getpid();
    const auto answers = [&] {
        queue_signal(parent, number, 5);
        const auto question = queue.receive(never);
        return queue_signal(question->pid, number, question->value + 1) ? 0 : 1;
    };
    std::thread asking{[&] {
        const auto hello = queue.receive(never);
        EXPECT_TRUE(process::open(hello->pid)->queue_signal(number, hello->value * 10));
        EXPECT_EQ(queue.receive(never)->value, 51u);
    }};
    EXPECT_EQ(testing::exit_code_of_forked(answers), 0);
    asking.join();
}

TEST(SignalQueue, WhatAKilledProcessSentArrives) {
    signal_queue queue{std::array{real_time_signal(0)}};
    const int parent = getpid();
    const auto sends_and_dies = [parent] {
        queue_signal(parent, real_time_signal(0), 7);
        return kill(getpid(), SIGKILL);
    };
    EXPECT_EQ(testing::exit_code_of_forked(sends_and_dies), 128 + SIGKILL);
    EXPECT_EQ(queue.receive(never)->value, 7u);
}

// As a user of its own, since the kernel counts what waits for each user, whoever sent it.
int what_a_killed_process_leaves_waiting() {
    if (syscall(SYS_setresuid, 65530, 65530, 65530) != 0) return -1;
    const signal_queue queue{std::array{real_time_signal(0)}};
    const auto sends_itself_and_dies = [] {
        queue_signal(getpid(), real_time_signal(0), 7);
        return kill(getpid(), SIGKILL);
    };
    const int ended = testing::exit_code_of_forked(sends_itself_and_dies);
    return ended == 128 + SIGKILL ? static_cast<int>(current_signal_limits().waiting) : -1;
}

TEST(SignalQueue, WhatWaitsForAKilledProcessIsGoneWithIt) {
    EXPECT_EQ(testing::exit_code_of_forked(what_a_killed_process_leaves_waiting), 0);
}

TEST(SignalQueue, WhoIsGoneIsNotSentTo) {
    constexpr int no_pid = (1 << 22) + 1;
    EXPECT_FALSE(queue_signal(no_pid, SIGUSR1, 0));
    child program = child::spawn({"true"});
    program.handle().wait(never);
    EXPECT_FALSE(program.handle().queue_signal(SIGUSR1, 0));
}

// What it complains of when the fourth signal would have to wait.
std::string complaint_at_three_waiting() {
    const rlimit few{3, 3};
    setrlimit(RLIMIT_SIGPENDING, &few);
    if (syscall(SYS_setresuid, 65531, 65531, 65531) != 0) return "no other user";
    signal_queue queue{std::array{real_time_signal(0)}};
    std::string text = complaint_of([] {
        for (;;) queue_signal(getpid(), real_time_signal(0), 0);
    });
    if (current_signal_limits().waiting != 3) text = "not three";
    while (queue.try_take()) continue;  // else they end this process
    return text;
}

TEST(SignalQueue, AtTheLimitOfWaitingSignalsTheTextSaysWhatToRaise) {
    EXPECT_EQ(testing::exit_code_of_forked([] {
                  return complaint_at_three_waiting() ==
                                 "cannot queue signal '34': Resource temporarily unavailable; the "
                                 "receiver takes them too slowly, or raise the limit of signals "
                                 "that wait for its user (ulimit -i), here 3"
                             ? 0
                             : 1;
              }),
              0);
}

TEST(SignalQueue, TheLimitIsToldWithoutItsValueWhereThatCannotBeRead) {
    scripted_kernel script;
    script.fail(SYS_rt_sigqueueinfo, EAGAIN).fail(SYS_prlimit64, EPERM);
    EXPECT_EQ(complaint_of([] { queue_signal(getpid(), SIGUSR1, 0); }),
              "cannot queue signal '10': Resource temporarily unavailable; raise the limit of "
              "signals that wait for the receiver's user (ulimit -i)");
}

TEST(SignalQueue, AnotherUsersProcessIsOutOfReach) {
    const int parent = getpid();
    EXPECT_EQ(testing::exit_code_of_forked([parent] {
                  const auto handle = process::open(parent);
                  if (syscall(SYS_setresuid, 65534, 65534, 65534) != 0) return 2;
                  const std::string by_pid = complaint_of([&] { queue_signal(parent, 10, 0); });
                  const std::string by_handle = complaint_of([&] { handle->queue_signal(10, 0); });
                  return by_pid == "cannot queue signal '10': Operation not permitted" &&
                                 by_pid == by_handle
                             ? 0
                             : 1;
              }),
              0);
}

TEST(SignalQueue, TheLimitsAreThoseOfTheProcess) {
    rlimit limit{};
    getrlimit(RLIMIT_SIGPENDING, &limit);
    EXPECT_EQ(current_signal_limits().max, limit.rlim_cur);
    EXPECT_EQ(testing::fail_each_call(EMFILE, [] { current_signal_limits(); }),
              std::vector<long>{SYS_close});
}

TEST(SignalQueue, ARealTimeSignalIsOneOfThirtyOne) {
    EXPECT_EQ(real_time_signal(0), SIGRTMIN);
    EXPECT_EQ(real_time_signal(30), SIGRTMAX);
    EXPECT_THROW(real_time_signal(31), contract_violation);
    EXPECT_THROW(queue_signal(getpid(), 0, 0), contract_violation);
}

}  // namespace
}  // namespace signet::os
