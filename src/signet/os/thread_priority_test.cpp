// SPDX-License-Identifier: Apache-2.0
#include <signet/os/thread_priority.hpp>

#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>

#include <cerrno>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::scripted_kernel;

bool same(const thread_schedule& one, const thread_schedule& other) {
    return one.policy == other.policy && one.nice == other.nice && one.level == other.level;
}

TEST(ThreadPriority, IsAsItWasAfterwardsWhetherItMayBeRaisedOrNot) {
    const thread_schedule before = current_thread_schedule();
    {
        const auto raised = raised_priority::raise(5);
        EXPECT_EQ(raised.has_value(), !same(current_thread_schedule(), before));
    }
    EXPECT_TRUE(same(current_thread_schedule(), before));
}

TEST(ThreadPriority, IsRealTimeWhereThatIsPermitted) {
    scripted_kernel script;
    script.answer(SYS_sched_setattr, 0);
    script.answer(SYS_sched_setattr, 0, 2);
    EXPECT_TRUE(raised_priority::raise(300));
    EXPECT_EQ(script.calls(SYS_sched_setattr), 2);  // to raise it, and back
}

TEST(ThreadPriority, IsNicerWhereRealTimeIsNotPermitted) {
    scripted_kernel script;
    script.fail(SYS_sched_setattr, EPERM);
    script.answer(SYS_sched_setattr, 0, 2);
    script.answer(SYS_sched_setattr, 0, 3);
    EXPECT_TRUE(raised_priority::raise(5));
    EXPECT_EQ(script.calls(SYS_sched_setattr), 3);
}

TEST(ThreadPriority, StaysWhereNeitherIsPermitted) {
    scripted_kernel script;
    script.fail(SYS_sched_setattr, EPERM);
    script.fail(SYS_sched_setattr, EPERM, 2);
    EXPECT_FALSE(raised_priority::raise(5));
    EXPECT_EQ(script.calls(SYS_sched_setattr), 2);
}

TEST(ThreadPriority, ThatCannotBeAskedForIsAnError) {
    scripted_kernel script;
    script.fail(SYS_sched_getattr, EINVAL);
    EXPECT_EQ(complaint_of([] { raised_priority::raise(5); }),
              "cannot ask for the priority of this thread: Invalid argument");
}

TEST(ThreadPriority, ThatCannotBeSetIsAnError) {
    scripted_kernel script;
    script.fail(SYS_sched_setattr, EINVAL);
    EXPECT_EQ(complaint_of([] { raised_priority::raise(5); }),
              "cannot set the priority of this thread: Invalid argument");
}

TEST(ThreadPriority, ThatCannotBeGivenBackIsLeft) {
    scripted_kernel script;
    script.answer(SYS_sched_setattr, 0);
    script.fail(SYS_sched_setattr, EINVAL, 2);
    raised_priority::raise(5);
    EXPECT_EQ(script.calls(SYS_sched_setattr), 2);
}

}  // namespace
}  // namespace signet::os
