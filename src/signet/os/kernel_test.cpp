// SPDX-License-Identifier: Apache-2.0
#include <signet/os/kernel.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::scripted_kernel;

TEST(Kernel, ACallAnswersWithItsResult) {
    EXPECT_EQ(call(SYS_getpid), getpid());
}

TEST(Kernel, ACallThatFailsAnswersWithTheNegativeErrorNumber) {
    EXPECT_EQ(call(SYS_close, -1), -EBADF);
}

TEST(Kernel, AnInterruptedCallIsMadeAgainUntilItIsNot) {
    scripted_kernel script;
    script.interrupt(SYS_getpid, 3);
    EXPECT_EQ(call_uninterrupted(SYS_getpid), getpid());
    EXPECT_EQ(script.calls(SYS_getpid), 4);
}

TEST(Kernel, AResultThatIsNoFailurePassesTheCheck) {
    EXPECT_EQ(check(7, "count"), 7);
}

TEST(Kernel, AFailureNamesOperationSubjectAndReason) {
    EXPECT_EQ(complaint_of([] { check(-EIO, "read", "x"); }),
              "cannot read 'x': Input/output error");
}

TEST(Kernel, AFailureCarriesItsErrorNumber) {
    try {
        fail(-EACCES, "read");
    } catch (const error& e) {
        EXPECT_EQ(e.code(), std::errc::permission_denied);
    }
}

TEST(Kernel, AtTheLimitOfOpenFilesTheTextTellsTheLimit) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_EQ(complaint_of([] { fail(-EMFILE, "open", "x"); }),
              "cannot open 'x': Too many open files; raise the limit of open files (ulimit -n), "
              "now " +
                  std::to_string(limit.rlim_cur));
}

TEST(Kernel, ALimitThatCannotBeAskedForIsLeftOut) {
    scripted_kernel script;
    script.fail(SYS_prlimit64, EPERM);
    EXPECT_EQ(complaint_of([] { fail(-EMFILE, "open"); }),
              "cannot open: Too many open files; raise the limit of open files (ulimit -n)");
}

TEST(Kernel, EachUsualCauseComesWithAdvice) {
    for (const int number : {ENFILE, ENOMEM, ENOBUFS, ENOSPC, ENOSYS}) {
        const std::string text = complaint_of([number] { fail(-number, "act"); });
        EXPECT_NE(text.find("; "), std::string::npos) << text;
    }
}

TEST(Kernel, TheAdviceOfTheCallerGoesBeforeTheUsual) {
    EXPECT_EQ(complaint_of([] { fail(-ENOMEM, "act", "x", "eat less"); }),
              "cannot act 'x': Cannot allocate memory; eat less");
}

TEST(KernelTimeout, NeverIsNoTimeAtAll) {
    EXPECT_EQ(kernel_timeout::absolute(never).get(), nullptr);
    EXPECT_EQ(kernel_timeout::remaining(never).get(), nullptr);
}

TEST(KernelTimeout, AnInstantIsSplitIntoSecondsAndNanoseconds) {
    const kernel_timeout timeout = kernel_timeout::absolute(deadline{3s + 5ns});
    EXPECT_EQ(timeout.get()->tv_sec, 3);
    EXPECT_EQ(timeout.get()->tv_nsec, 5);
}

TEST(KernelTimeout, AnInstantBeforeTheClockIsItsStart) {
    const kernel_timeout timeout = kernel_timeout::absolute(deadline::min());
    EXPECT_EQ(timeout.get()->tv_sec, 0);
    EXPECT_EQ(timeout.get()->tv_nsec, 0);
}

TEST(KernelTimeout, NothingIsLeftOfADeadlineThatHasPassed) {
    const kernel_timeout timeout = kernel_timeout::remaining(deadline::min());
    EXPECT_EQ(timeout.get()->tv_sec, 0);
    EXPECT_EQ(timeout.get()->tv_nsec, 0);
}

TEST(KernelTimeout, WhatIsLeftIsAtMostTheDuration) {
    const kernel_timeout timeout = kernel_timeout::remaining(after(10h));
    EXPECT_LE(timeout.get()->tv_sec, 36000);
    EXPECT_GT(timeout.get()->tv_sec, 0);
}

}  // namespace
}  // namespace signet::os
