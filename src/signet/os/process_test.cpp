// SPDX-License-Identifier: Apache-2.0
#include <signet/os/process.hpp>

#include <signet/os/child.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::scripted_kernel;

const std::vector<std::string> sleeper{"sleep", "1000"};

// A pid that the kernel never gives: it is beyond the largest.
constexpr int no_pid = (1 << 22) + 1;

TEST(Process, KnowsItsOwnThreads) {
    EXPECT_TRUE(has_thread(current_pid(), current_thread()));
    EXPECT_TRUE(has_thread(1, 1));
    EXPECT_FALSE(has_thread(1, current_thread()));
    EXPECT_FALSE(has_thread(0, 0));
    EXPECT_FALSE(has_thread(-1, current_thread()));
}

TEST(Process, TheCallerIsWhoTheKernelSays) {
    EXPECT_EQ(current_pid(), getpid());
    EXPECT_EQ(current_uid(), geteuid());
    EXPECT_EQ(current_thread(), getpid());
    std::thread{[] { EXPECT_NE(current_thread(), getpid()); }}.join();
}

TEST(Process, ACommandHasAName) {
    EXPECT_EQ(command_name(child::spawn(sleeper).pid()), "sleep");
}

TEST(Process, ACommandThatIsGoneHasNone) {
    EXPECT_EQ(command_name(no_pid), "");
}

TEST(Process, ACommandThatCannotBeReadHasNone) {
    scripted_kernel script;
    script.fail(SYS_read, ESRCH);
    EXPECT_EQ(command_name(getpid()), "");
}

TEST(Process, InterruptionsOfReadingANameAreNotSeen) {
    scripted_kernel script;
    script.interrupt(SYS_openat).interrupt(SYS_read);
    EXPECT_NE(command_name(getpid()), "");
}

TEST(Process, ThisProcessRuns) {
    EXPECT_TRUE(process::open(getpid())->running());
}

TEST(Process, WhatDoesNotExistHasNoValue) {
    EXPECT_FALSE(process::open(no_pid));
}

TEST(Process, AnImpossiblePidIsAnError) {
    EXPECT_EQ(complaint_of([] { process::open(-1); }),
              "cannot open process '-1': Invalid argument");
}

TEST(Process, ASignalEndsAProcess) {
    child victim = child::spawn(sleeper);
    EXPECT_TRUE(victim.handle().running());
    EXPECT_TRUE(victim.handle().send_signal(SIGTERM));
    EXPECT_EQ(victim.handle().wait(never), (exit_status{true, SIGTERM}));
    EXPECT_FALSE(victim.handle().running());
}

TEST(Process, ASignalDoesNotReachWhoIsGone) {
    child victim = child::spawn({"true"});
    victim.handle().wait(never);
    EXPECT_FALSE(victim.handle().send_signal(SIGTERM));
}

TEST(Process, ASignalThatIsForbiddenIsAnError) {
    const auto here = process::open(getpid());
    scripted_kernel script;
    script.fail(SYS_pidfd_send_signal, EPERM);
    EXPECT_EQ(complaint_of([&] { here->send_signal(SIGTERM); }),
              "cannot send a process signal '15': Operation not permitted");
}

TEST(Process, AWaitGivesTheStatus) {
    child program = child::spawn({"sh", "-c", "exit 3"});
    EXPECT_EQ(program.handle().wait(never), (exit_status{false, 3}));
}

TEST(Process, AWaitEndsAtItsDeadline) {
    child program = child::spawn(sleeper);
    EXPECT_FALSE(program.handle().wait(after(1ms)));
}

TEST(Process, AStatusThatIsNotThereYetHasNoValue) {
    child program = child::spawn({"true"});
    scripted_kernel script;
    script.answer(SYS_waitid, 0);
    EXPECT_FALSE(program.handle().wait(never));
}

TEST(Process, AStatusIsTakenOnce) {
    child program = child::spawn({"true"});
    program.handle().wait(never);
    EXPECT_EQ(complaint_of([&] { program.handle().wait(never); }),
              "cannot take the exit status of a process: No child processes; "
              "only its parent can, and only once; ask exit_reason()");
}

TEST(Process, AWaitThatFailsIsAnError) {
    child program = child::spawn({"true"});
    scripted_kernel script;
    script.fail(SYS_waitid, EINVAL);
    EXPECT_EQ(complaint_of([&] { program.handle().wait(never); }),
              "cannot take the exit status of a process: Invalid argument");
}

TEST(Process, AnybodyLearnsHowAProcessEnded) {
    child program = child::spawn({"sh", "-c", "exit 3"});
    const auto observer = process::open(program.pid());
    EXPECT_FALSE(observer->exit_reason());
    program.handle().wait(never);
    if (!observer->exit_reason()) GTEST_SKIP() << "this kernel does not tell";
    EXPECT_EQ(observer->exit_reason(), (exit_status{false, 3}));
}

TEST(Process, AnybodyLearnsWhichSignalKilledAProcess) {
    child program = child::spawn(sleeper);
    program.handle().send_signal(SIGKILL);
    program.handle().wait(never);
    const auto reason = program.handle().exit_reason();
    if (!reason) GTEST_SKIP() << "this kernel does not tell";
    EXPECT_EQ(*reason, (exit_status{true, SIGKILL}));
}

TEST(Process, AKernelThatDoesNotTellGivesNoReason) {
    child program = child::spawn({"true"});
    program.handle().wait(never);
    scripted_kernel script;
    script.fail(SYS_ioctl, ENOTTY);
    EXPECT_FALSE(program.handle().exit_reason());
}

TEST(Process, AnEndIsToldInWords) {
    EXPECT_EQ((exit_status{false, 3}.text()), "exited with status 3");
    EXPECT_EQ((exit_status{true, SIGKILL}.text()), "killed by signal 9 (Killed)");
    EXPECT_EQ((exit_status{true, 1000}.text()), "killed by signal 1000");
}

TEST(Process, AHandleIsReadableOnceItsProcessWasKilled) {
    child victim = child::spawn(sleeper);
    EXPECT_FALSE(wait_readable(victim.handle().fd(), deadline{}));
    victim.handle().send_signal(SIGKILL);
    EXPECT_TRUE(wait_readable(victim.handle().fd(), never));
}

TEST(Process, AHandleIsClosedByExec) {
    EXPECT_EQ(fcntl(process::open(getpid())->fd(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(fcntl(child::spawn({"true"}).handle().fd(), F_GETFD), FD_CLOEXEC);
}

}  // namespace
}  // namespace signet::os
