// SPDX-License-Identifier: Apache-2.0
#include <signet/os/kernel_setting.hpp>

#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

using testing::scripted_kernel;

const std::string path = "/proc/sys/kernel/msgmni";

TEST(KernelSetting, ANumberIsRead) {
    EXPECT_GT(kernel_setting(path).value(), 0u);
}

TEST(KernelSetting, WhatIsNotThereOrNoNumberHasNoValue) {
    EXPECT_FALSE(kernel_setting("/proc/sys/kernel/no-such-setting"));
    EXPECT_FALSE(kernel_setting("/proc/sys/kernel/ostype"));
}

TEST(KernelSetting, InterruptionsAreNotSeen) {
    scripted_kernel script;
    script.interrupt(SYS_openat).interrupt(SYS_read, 2);
    EXPECT_TRUE(kernel_setting(path));
}

}  // namespace
}  // namespace signet::os
