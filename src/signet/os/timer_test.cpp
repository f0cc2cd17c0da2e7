// SPDX-License-Identifier: Apache-2.0
#include <signet/os/timer.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::scripted_kernel;

TEST(Timer, ANewOneIsNotStarted) {
    timer clock;
    EXPECT_EQ(clock.try_take(), 0u);
    EXPECT_EQ(clock.wait(after(1ms)), 0u);
    EXPECT_EQ(clock.remaining(), 0ns);
}

TEST(Timer, ItComesOnce) {
    for (const timer_clock by : {timer_clock::monotonic, timer_clock::boot}) {
        timer clock{by};
        clock.start_after(1ms);
        EXPECT_EQ(clock.wait(never), 1u);
        EXPECT_FALSE(wait_readable(clock.fd(), after(2ms)));
    }
}

TEST(Timer, ItComesNoEarlierThanItsInstant) {
    timer alarm;
    const deadline when = after(2ms);
    alarm.start_at(when);
    EXPECT_EQ(alarm.wait(never), 1u);
    EXPECT_GE(signet::clock::now(), when);
}

TEST(Timer, WhatIsPastComesAtOnce) {
    timer alarm;
    alarm.start_at(deadline{});
    EXPECT_EQ(alarm.wait(never), 1u);
    alarm.start_at(deadline::min());
    EXPECT_EQ(alarm.wait(never), 1u);
    alarm.start_after(-1s);
    EXPECT_EQ(alarm.wait(never), 1u);
}

TEST(Timer, APeriodIsCountedUntilSomebodyLooks) {
    timer beat;
    const auto start = signet::clock::now();
    beat.start_every(1ms);
    std::uint64_t times = 0;
    while (times < 5) times += beat.wait(never);
    EXPECT_GE(signet::clock::now() - start, 5ms);
}

TEST(Timer, ACancelledOneDoesNotCome) {
    timer beat;
    beat.start_every(1ms);
    beat.cancel();
    EXPECT_EQ(beat.wait(after(3ms)), 0u);
    beat.start_at(never);
    EXPECT_EQ(beat.remaining(), 0ns);
}

TEST(Timer, TheTimeLeftIsNoMoreThanItWas) {
    timer alarm;
    alarm.start_after(1h);
    EXPECT_GT(alarm.remaining(), 0ns);
    EXPECT_LE(alarm.remaining(), 1h);
}

TEST(Timer, WhatMakesNoSenseBreaksTheContract) {
    EXPECT_THROW(timer{}.start_every(0ns), contract_violation);
    EXPECT_THROW(timer{timer_clock::boot}.start_at(never), contract_violation);
}

TEST(Timer, AnotherProcessSeesTheSameTimerAndMayBeKilled) {
    timer alarm;
    alarm.start_after(1ms);
    const auto looks_and_dies = [&] {
        if (!wait_readable(alarm.fd(), never)) return 1;
        return kill(getpid(), SIGKILL);
    };
    EXPECT_EQ(exit_code_of_forked(looks_and_dies), 128 + SIGKILL);
    EXPECT_EQ(alarm.try_take(), 1u);
}

TEST(Timer, WhatAnotherProcessStartedComesAfterItsDeath) {
    timer alarm;
    const auto starts_and_dies = [&] {
        alarm.start_after(1ms);
        return kill(getpid(), SIGKILL);
    };
    EXPECT_EQ(exit_code_of_forked(starts_and_dies), 128 + SIGKILL);
    EXPECT_EQ(alarm.wait(never), 1u);
}

TEST(Timer, ItIsClosedByExec) {
    EXPECT_EQ(fcntl(timer{}.fd(), F_GETFD), FD_CLOEXEC);
}

TEST(Timer, AtTheLimitOfOpenFilesTheTextSaysWhatToRaise) {
    EXPECT_EQ(exit_code_of_forked([] {
                  const rlimit none{3, 3};
                  setrlimit(RLIMIT_NOFILE, &none);
                  while (dup(0) >= 0) continue;
                  return complaint_of([] { timer{}; }).find("ulimit -n") == std::string::npos;
              }),
              0);
}

TEST(Timer, InterruptionsAreNotSeen) {
    timer alarm;
    alarm.start_after(1ms);
    scripted_kernel script;
    script.interrupt(SYS_read, 2).interrupt(SYS_ppoll, 2);
    EXPECT_EQ(alarm.wait(never), 1u);
}

TEST(Timer, EachCallThatFailsIsAnError) {
    const auto use = [] {
        timer beat;
        beat.start_every(1ms);
        beat.wait(never);
        beat.remaining();
        beat.cancel();
    };
    EXPECT_EQ(fail_each_call(EMFILE, use), std::vector<long>{SYS_close});
}

}  // namespace
}  // namespace signet::os
