// SPDX-License-Identifier: Apache-2.0
#include <signet/os/event.hpp>

#include <signet/os/poll.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

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

}  // namespace
}  // namespace signet::os
