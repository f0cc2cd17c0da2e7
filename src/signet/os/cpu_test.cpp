// SPDX-License-Identifier: Apache-2.0
#include <signet/os/cpu.hpp>

#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <thread>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::scripted_kernel;

TEST(Cpu, ThereIsAtLeastOneAndNoMoreThanTheMachineHas) {
    EXPECT_GE(cpu_count(), 1U);
    EXPECT_LE(cpu_count(), std::max(1U, std::thread::hardware_concurrency()));
}

TEST(Cpu, APinnedThreadMayUseOneOnly) {
    const auto cpu = static_cast<unsigned>(sched_getcpu());
    std::thread{[cpu] {
        pin_this_thread(cpu);
        EXPECT_EQ(cpu_count(), 1U);
        EXPECT_EQ(sched_getcpu(), static_cast<int>(cpu));
    }}.join();
}

TEST(Cpu, APinnedThreadAndItsProcessMayUseMoreTogether) {
    const auto cpu = static_cast<unsigned>(sched_getcpu());
    const unsigned all = cpu_count();
    std::thread{[cpu, all] {
        pin_this_thread(cpu);
        EXPECT_EQ(cpu_count_with(getpid()), all);
    }}.join();
}

TEST(Cpu, AProcessThatIsNotThereAddsNone) {
    EXPECT_EQ(cpu_count_with(0), cpu_count());
    EXPECT_EQ(cpu_count_with(INT_MAX), cpu_count());
}

TEST(Cpu, YieldingComesBack) {
    yield_cpu();
}

TEST(Cpu, PinningToWhatIsNotThereSaysWhatToDo) {
    for (const unsigned absent : {8191U, 8192U, ~0U}) {
        EXPECT_EQ(complaint_of([absent] { pin_this_thread(absent); }),
                  "cannot pin this thread to processor '" + std::to_string(absent) +
                      "': Invalid argument; choose one this process may use (taskset -p)");
    }
}

TEST(Cpu, PinningThatIsForbiddenIsAnError) {
    scripted_kernel script;
    script.fail(SYS_sched_setaffinity, EPERM);
    EXPECT_EQ(complaint_of([] { pin_this_thread(0); }),
              "cannot pin this thread to processor '0': Operation not permitted");
}

TEST(Cpu, CountingThatFailsIsAnError) {
    scripted_kernel script;
    script.fail(SYS_sched_getaffinity, EINVAL);
    EXPECT_EQ(complaint_of([] { cpu_count(); }), "cannot count processors: Invalid argument");
}

}  // namespace
}  // namespace signet::os
