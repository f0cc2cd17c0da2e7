// SPDX-License-Identifier: Apache-2.0
#include <signet/os/event.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::fail_each_call;
using testing::scripted_kernel;

bool is_readable(const event& bell) {
    return wait_readable(bell.fd(), deadline{});
}

TEST(Event, ANewOneIsNotSignalled) {
    event bell;
    EXPECT_FALSE(is_readable(bell));
    EXPECT_FALSE(bell.drain());
}

TEST(Event, SignalledManyTimesItIsDrainedOnce) {
    event bell;
    bell.signal();
    bell.signal();
    EXPECT_TRUE(is_readable(bell));
    EXPECT_TRUE(bell.drain());
    EXPECT_FALSE(is_readable(bell));
}

TEST(Event, ADuplicateRingsTheSameBell) {
    const event bell;
    event::adopt(bell.handle().duplicate()).signal();
    EXPECT_TRUE(is_readable(bell));
    signal_event(bell.handle());
    EXPECT_TRUE(is_readable(bell));
}

TEST(Event, SignallingAtTheLimitOfTheCounterDoesNotBlock) {
    event bell;
    const std::uint64_t most = ~std::uint64_t{0} - 1;
    ASSERT_EQ(write(bell.fd(), &most, sizeof most), 8);
    EXPECT_NO_THROW(bell.signal());
    EXPECT_TRUE(bell.drain());
}

TEST(Event, InterruptionsAreNotSeen) {
    event bell;
    scripted_kernel script;
    script.interrupt(SYS_write, 2).interrupt(SYS_read, 2);
    bell.signal();
    EXPECT_TRUE(bell.drain());
}

TEST(Event, EachCallThatFailsIsAnError) {
    const auto use = [] {
        event bell;
        bell.signal();
        bell.drain();
    };
    EXPECT_EQ(fail_each_call(EMFILE, use), std::vector<long>{SYS_close});
}

TEST(Event, WhatIsNoEventCannotBeSignalled) {
    EXPECT_EQ(complaint_of([] { signal_event(descriptor{}); }),
              "cannot signal event: Bad file descriptor");
}

TEST(Event, NumbersAddUpUntilTheyAreTaken) {
    event count;
    EXPECT_TRUE(count.try_add(3));
    EXPECT_TRUE(count.try_add(4));
    EXPECT_EQ(count.try_take(), 7u);
    EXPECT_EQ(count.try_take(), 0u);
    EXPECT_EQ(count.take(after(std::chrono::milliseconds{1})), 0u);
}

TEST(Event, ASemaphoreGivesOutOneByOne) {
    event tokens = event::semaphore(1);
    EXPECT_TRUE(tokens.try_add(1));
    EXPECT_EQ(tokens.take(never), 1u);
    EXPECT_TRUE(tokens.drain());
    EXPECT_FALSE(tokens.drain());
}

TEST(Event, WhatWouldGoBeyondTheLimitIsNotAdded) {
    event count;
    EXPECT_TRUE(count.try_add(event::count_max));
    EXPECT_FALSE(count.try_add(1));
    EXPECT_EQ(count.try_take(), event::count_max);
    EXPECT_THROW(count.try_add(0), contract_violation);
    EXPECT_THROW(count.try_add(event::count_max + 1), contract_violation);
}

TEST(Event, AnotherProcessAddsAndTakes) {
    event there;
    event back;
    const auto answers = [&] { return back.try_add(there.take(never) + 1) ? 0 : 1; };
    there.try_add(41);
    EXPECT_EQ(testing::exit_code_of_forked(answers), 0);
    EXPECT_EQ(back.take(never), 42u);
}

TEST(Event, WhatAKilledProcessAddedIsThere) {
    event count;
    const auto adds_and_dies = [&] {
        count.try_add(5);
        return kill(getpid(), SIGKILL);
    };
    EXPECT_EQ(testing::exit_code_of_forked(adds_and_dies), 128 + SIGKILL);
    EXPECT_EQ(count.try_take(), 5u);
}

TEST(Event, ItIsClosedByExec) {
    EXPECT_EQ(fcntl(event::semaphore(1).fd(), F_GETFD), FD_CLOEXEC);
}

TEST(Event, ACountThatIsInterruptedOrFailsIsAsABell) {
    event count;
    scripted_kernel script;
    script.interrupt(SYS_write, 2).interrupt(SYS_read, 2);
    EXPECT_TRUE(count.try_add(1));
    EXPECT_EQ(count.take(never), 1u);
    script.fail(SYS_write, EIO);
    EXPECT_EQ(complaint_of([&] { count.try_add(1); }), "cannot add to event: Input/output error");
}

}  // namespace
}  // namespace signet::os
