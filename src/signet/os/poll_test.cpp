// SPDX-License-Identifier: Apache-2.0
#include <signet/os/poll.hpp>

#include <signet/os/event.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <thread>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::scripted_kernel;

TEST(Poll, AnEventIsWritableAndNotReadable) {
    const event bell;
    EXPECT_TRUE(wait_writable(bell.fd(), never));
    EXPECT_FALSE(wait_readable(bell.fd(), deadline{}));
}

TEST(Poll, AWaitEndsWhenThereIsSomethingToRead) {
    event bell;
    std::thread ringer{[&] { bell.signal(); }};
    EXPECT_TRUE(wait_readable(bell.fd(), never));
    ringer.join();
}

TEST(Poll, AWaitEndsAtItsDeadline) {
    const event bell;
    EXPECT_FALSE(wait_readable(bell.fd(), after(1ms)));
}

TEST(Poll, AnInterruptedWaitGoesOn) {
    const event bell;
    scripted_kernel script;
    script.interrupt(SYS_ppoll, 3);
    EXPECT_TRUE(wait_writable(bell.fd(), after(20s)));
    EXPECT_EQ(script.calls(SYS_ppoll), 4);
}

TEST(Poll, ADescriptorThatIsNotOpenIsAnError) {
    EXPECT_EQ(complaint_of([] { wait_readable(100'000, deadline{}); }),
              "cannot wait for descriptor: Bad file descriptor");
}

TEST(Poll, AWaitThatFailsIsAnError) {
    scripted_kernel script;
    script.fail(SYS_ppoll, EINVAL);
    EXPECT_EQ(complaint_of([] { wait_readable(0, deadline{}); }),
              "cannot wait for descriptor: Invalid argument");
}

}  // namespace
}  // namespace signet::os
