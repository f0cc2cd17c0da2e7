// SPDX-License-Identifier: Apache-2.0
#include <signet/os/kernel_setting.hpp>

#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <fstream>
#include <limits>

namespace signet::os {
namespace {

class KernelSettingTest : public ::testing::Test {
protected:
    std::string file_with(const std::string& text) {
        const std::string path = root_.path() + "/setting";
        std::ofstream{path} << text;
        return path;
    }

    testing::temporary_directory root_;
};

TEST_F(KernelSettingTest, ItIsTheNumberAtTheStart) {
    EXPECT_EQ(kernel_setting(file_with("4096\n")), 4096U);
    EXPECT_EQ(kernel_setting(file_with("32000\t1024\n")), 32000U);
}

TEST_F(KernelSettingTest, OneThatIsTooLargeIsTheLargest) {
    EXPECT_EQ(kernel_setting(file_with("99999999999999999999999\n")),
              std::numeric_limits<std::uint64_t>::max());
}

TEST_F(KernelSettingTest, WhatIsAbsentEmptyOrNoNumberHasNoValue) {
    EXPECT_FALSE(kernel_setting(root_.path() + "/absent"));
    EXPECT_FALSE(kernel_setting(file_with("")));
    EXPECT_FALSE(kernel_setting(file_with("max\n")));
}

TEST_F(KernelSettingTest, InterruptionsAreNotSeen) {
    const std::string path = file_with("7\n");
    testing::scripted_kernel script;
    script.interrupt(SYS_openat).interrupt(SYS_read);
    EXPECT_EQ(kernel_setting(path), 7U);
}

TEST_F(KernelSettingTest, TheAdviceSaysWhatItIsNow) {
    EXPECT_EQ(raise_setting(file_with("7\n")), "raise " + root_.path() + "/setting, now 7");
    EXPECT_EQ(raise_setting("/absent"), "raise /absent");
}

}  // namespace
}  // namespace signet::os
