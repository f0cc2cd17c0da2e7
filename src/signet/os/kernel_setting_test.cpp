// SPDX-License-Identifier: Apache-2.0
#include <signet/os/kernel_setting.hpp>

#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

using testing::fail_each_call;
using testing::scripted_kernel;

const std::string path = "/proc/sys/fs/pipe-max-size";

TEST(KernelSetting, ANumberBelowProcSysIsRead) {
    EXPECT_GE(kernel_setting(path), 4096U);
}

TEST(KernelSetting, WhatIsNotThereOrNoNumberHasNoValue) {
    EXPECT_FALSE(kernel_setting("/proc/sys/fs/no-such-thing"));
    EXPECT_FALSE(kernel_setting("/proc/sys/kernel/ostype"));
}

TEST(KernelSetting, ATextNamesThePathAndTheNumber) {
    EXPECT_EQ(describe_setting(path), path + ", now " + std::to_string(*kernel_setting(path)));
    EXPECT_EQ(describe_setting("/no/such/path"), "/no/such/path");
}

TEST(KernelSetting, AnInterruptedReadIsMadeAgain) {
    scripted_kernel script;
    script.interrupt(SYS_read, 2);
    EXPECT_TRUE(kernel_setting(path));
}

TEST(KernelSetting, EachCallThatFailsIsAnErrorAndATextDoesWithoutTheNumber) {
    EXPECT_EQ(fail_each_call(EMFILE, [] { kernel_setting(path); }), std::vector<long>{SYS_close});
    scripted_kernel script;
    script.fail(SYS_openat, EMFILE);
    EXPECT_EQ(describe_setting(path), path);
}

}  // namespace
}  // namespace signet::os
