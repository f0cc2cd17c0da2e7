// SPDX-License-Identifier: Apache-2.0
#include <signet/os/signal.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>

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

}  // namespace
}  // namespace signet::os
