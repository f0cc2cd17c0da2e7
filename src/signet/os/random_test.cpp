// SPDX-License-Identifier: Apache-2.0
#include <signet/os/random.hpp>

#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

using testing::scripted_kernel;

TEST(Random, TwoNumbersDiffer) {
    EXPECT_NE(random_u64(), random_u64());
}

TEST(Random, AnInterruptedCallIsMadeAgain) {
    scripted_kernel script;
    script.interrupt(SYS_getrandom, 2);
    random_u64();
    EXPECT_EQ(script.calls(SYS_getrandom), 3);
}

TEST(Random, AKernelWithoutRandomBitsIsAnError) {
    scripted_kernel script;
    script.fail(SYS_getrandom, EIO);
    EXPECT_EQ(testing::complaint_of([] { random_u64(); }),
              "cannot get random bits: Input/output error");
}

}  // namespace
}  // namespace signet::os
