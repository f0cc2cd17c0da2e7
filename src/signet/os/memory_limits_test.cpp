// SPDX-License-Identifier: Apache-2.0
#include <signet/os/memory_limits.hpp>

#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <filesystem>
#include <fstream>

namespace signet::os {
namespace {

using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::scripted_kernel;

constexpr const char* unified_mount = "30 1 0:27 / /cg rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
constexpr const char* memory_mount = "33 1 0:32 / /cg rw - cgroup cgroup rw,memory\n";

/// A machine that the test makes up.
class MemoryLimits : public ::testing::Test {
protected:
    void write(const std::string& path, const std::string& text) {
        const std::filesystem::path whole = root_.path() + path;
        std::filesystem::create_directories(whole.parent_path());
        std::ofstream{whole} << text;
    }

    void group(const std::string& path, const std::string& limit, const std::string& used) {
        write("/cg" + path + "/memory.max", limit + "\n");
        write("/cg" + path + "/memory.current", used + "\n");
    }

    memory_limits look() const { return current_memory_limits(root_.path()); }

    testing::temporary_directory root_;
};

TEST_F(MemoryLimits, WithoutAnythingToReadNothingIsLimited) {
    EXPECT_EQ(look().free_bytes, memory_limits::unlimited);
    EXPECT_EQ(look().huge_pages_free, 0u);
}

TEST_F(MemoryLimits, TheMachineSaysWhatIsAvailable) {
    write("/proc/meminfo", "MemTotal:  9000 kB\nMemFree:  10 kB\nMemAvailable:    4000 kB\n");
    EXPECT_EQ(look().free_bytes, 4000u * 1024);
    EXPECT_EQ(look().free_where, "this machine");
}

TEST_F(MemoryLimits, AGroupLeavesItsLimitLessWhatItUses) {
    write("/proc/self/mountinfo", unified_mount);
    write("/proc/self/cgroup", "0::/job\n");
    group("/job", "1000", "400");
    EXPECT_EQ(look().free_bytes, 600u);
    EXPECT_EQ(look().free_where, "the control group /cg/job");
}

TEST_F(MemoryLimits, WhatAGroupCanDropIsFree) {
    write("/proc/self/mountinfo", unified_mount);
    write("/proc/self/cgroup", "0::/job\n");
    group("/job", "1000", "400");
    write("/cg/job/memory.stat", "anon 1\nfile 390\ninactive_file 200\nactive_file 100\n");
    EXPECT_EQ(look().free_bytes, 900u);
}

TEST_F(MemoryLimits, AGroupAboveMayLeaveLess) {
    write("/proc/self/mountinfo", unified_mount);
    write("/proc/self/cgroup", "0::/outer/inner\n");
    group("/outer/inner", "max", "400");
    group("/outer", "2000", "1950");
    EXPECT_EQ(look().free_bytes, 50u);
    EXPECT_EQ(look().free_where, "the control group /cg/outer");
}

TEST_F(MemoryLimits, AGroupOverItsLimitLeavesNothing) {
    write("/proc/self/mountinfo", unified_mount);
    write("/proc/self/cgroup", "0::/job\n");
    group("/job", "1000", "1400");
    EXPECT_EQ(look().free_bytes, 0u);
}

TEST_F(MemoryLimits, TheFirstVersionOfGroupsIsUnderstood) {
    write("/proc/self/mountinfo", memory_mount);
    write("/proc/self/cgroup", "5:cpu:/other\n4:memory:/job\n0::/\n");
    write("/cg/job/memory.limit_in_bytes", "1000\n");
    write("/cg/job/memory.usage_in_bytes", "400\n");
    write("/cg/job/memory.stat", "inactive_file 1\ntotal_inactive_file 50\n");
    EXPECT_EQ(look().free_bytes, 650u);
}

TEST_F(MemoryLimits, InAContainerThePathIsRelativeToWhatIsMounted) {
    write("/proc/self/mountinfo", "33 1 0:32 /docker/x /cg ro - cgroup cgroup rw,memory\n");
    write("/proc/self/cgroup", "4:memory:/docker/x/job\n");
    write("/cg/job/memory.limit_in_bytes", "1000\n");
    write("/cg/job/memory.usage_in_bytes", "400\n");
    EXPECT_EQ(look().free_bytes, 600u);
}

TEST_F(MemoryLimits, AGroupOutsideOfWhatIsMountedIsJudgedByTheMount) {
    write("/proc/self/mountinfo", unified_mount);
    write("/proc/self/cgroup", "0::/../elsewhere\n");
    group("", "1000", "300");
    EXPECT_EQ(look().free_bytes, 700u);
}

TEST_F(MemoryLimits, LinesThatMakeNoSenseArePassedOver) {
    write("/proc/meminfo", "MemAvailable: much\n");
    write("/proc/self/mountinfo", "\n1 2 3 - cgroup2\n1 2 0:1 / /cg rw cgroup2 x rw\n");
    write("/proc/self/cgroup", "\n0:\nmemory\n");
    EXPECT_EQ(look().free_bytes, memory_limits::unlimited);
}

TEST_F(MemoryLimits, HugePagesThatArePromisedAreNotFree) {
    const std::string place = "/sys/kernel/mm/hugepages/hugepages-2048kB/";
    write(place + "nr_hugepages", "8\n");
    write(place + "free_hugepages", "5\n");
    write(place + "resv_hugepages", "2\n");
    EXPECT_EQ(look().huge_pages_total, 8u);
    EXPECT_EQ(look().huge_pages_free, 3u);
}

TEST(MemoryLimitsOfThisProcess, ThereIsMemoryOnThisMachine) {
    EXPECT_GT(current_memory_limits().free_bytes, 0u);
    EXPECT_NE(current_memory_limits().free_bytes, memory_limits::unlimited);
}

TEST(MemoryLimitsOfThisProcess, ThoseOfFilesAndAddressesAreInForce) {
    const auto told = [] {
        const rlimit files{5000, 5000};
        const rlimit addresses{std::uint64_t{1} << 60, std::uint64_t{1} << 60};
        setrlimit(RLIMIT_FSIZE, &files);
        setrlimit(RLIMIT_AS, &addresses);
        const memory_limits now = current_memory_limits();
        const bool some_mapped = now.address_bytes_left < addresses.rlim_cur;
        return now.file_bytes_max == 5000 && some_mapped ? 1 : 0;
    };
    EXPECT_EQ(exit_code_of_forked(told), 1);
}

TEST(MemoryLimitsOfThisProcess, NoCallThatFailsIsAnError) {
    const auto survived = fail_each_call(EMFILE, [] { current_memory_limits(); });
    EXPECT_EQ(survived, (std::vector<long>{SYS_read, SYS_close, SYS_openat, SYS_prlimit64}));
}

TEST(MemoryLimitsOfThisProcess, AnInterruptedReadIsMadeAgain) {
    scripted_kernel script;
    script.interrupt(SYS_read, 2);
    EXPECT_NE(current_memory_limits().free_bytes, memory_limits::unlimited);
}

}  // namespace
}  // namespace signet::os
