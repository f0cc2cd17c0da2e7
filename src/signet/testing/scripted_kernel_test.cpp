// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

namespace signet::testing {
namespace {

TEST(ScriptedKernel, CallsNobodyMentionedGoThrough) {
    const scripted_kernel script;
    EXPECT_EQ(os::call(SYS_getpid), getpid());
}

TEST(ScriptedKernel, OnlyTheNthCallOfANumberFails) {
    scripted_kernel script;
    script.fail(SYS_getpid, EMFILE, 2);
    EXPECT_GT(os::call(SYS_getpid), 0);
    EXPECT_GT(os::call(SYS_gettid), 0);
    EXPECT_EQ(os::call(SYS_getpid), -EMFILE);
    EXPECT_GT(os::call(SYS_getpid), 0);
}

TEST(ScriptedKernel, TheNthCallIsCountedFromTheMomentOfTheOrder) {
    scripted_kernel script;
    os::call(SYS_getpid);
    script.fail(SYS_getpid, EMFILE);
    EXPECT_EQ(os::call(SYS_getpid), -EMFILE);
}

TEST(ScriptedKernel, TheFirstCallsAreInterrupted) {
    scripted_kernel script;
    script.interrupt(SYS_getpid, 2);
    EXPECT_EQ(os::call(SYS_getpid), -EINTR);
    EXPECT_EQ(os::call(SYS_getpid), -EINTR);
    EXPECT_GT(os::call(SYS_getpid), 0);
}

TEST(ScriptedKernel, TheNthCallOfAnyNumberFailsAndIsNamed) {
    scripted_kernel script;
    script.fail_any(ENOMEM, 2);
    EXPECT_GT(os::call(SYS_getpid), 0);
    EXPECT_EQ(script.failed_number(), -1);
    EXPECT_EQ(os::call(SYS_gettid), -ENOMEM);
    EXPECT_EQ(script.failed_number(), SYS_gettid);
}

TEST(ScriptedKernel, ACallMayBeGivenAnAnswerInstead) {
    scripted_kernel script;
    script.answer(SYS_getpid, 42);
    EXPECT_EQ(os::call(SYS_getpid), 42);
}

TEST(ScriptedKernel, CallsAreCountedByNumber) {
    scripted_kernel script;
    os::call(SYS_getpid);
    os::call(SYS_getpid);
    EXPECT_EQ(script.calls(SYS_getpid), 2);
    EXPECT_EQ(script.calls(SYS_gettid), 0);
}

TEST(ScriptedKernel, ACloseThatFailsClosesAllTheSame) {
    const int number = dup(0);
    scripted_kernel script;
    script.fail(SYS_close, EIO);
    EXPECT_EQ(os::call(SYS_close, number), -EIO);
    EXPECT_EQ(os::call(SYS_close, number), -EBADF);
}

TEST(ScriptedKernel, OtherThreadsAreNotAffected) {
    scripted_kernel script;
    script.fail(SYS_getpid, EMFILE);
    long seen = 0;
    std::thread{[&] { seen = os::call(SYS_getpid); }}.join();
    EXPECT_GT(seen, 0);
    EXPECT_EQ(script.calls(SYS_getpid), 0);
}

TEST(ScriptedKernel, TheDoorIsAsBeforeWhenTheScriptIsGone) {
    {
        scripted_kernel{}.fail(SYS_getpid, EMFILE);
    }
    EXPECT_GT(os::call(SYS_getpid), 0);
}

}  // namespace
}  // namespace signet::testing
