// SPDX-License-Identifier: Apache-2.0
#include <signet/os/membarrier.hpp>

#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::scripted_kernel;

TEST(Membarrier, ARegisteredProcessFencesItselfAndAll) {
    if (!membarrier_supported()) GTEST_SKIP() << "this kernel has no membarrier";
    EXPECT_TRUE(register_for_membarrier());
    EXPECT_TRUE(register_for_membarrier());
    EXPECT_NO_THROW(membarrier_all_processes());
    EXPECT_NO_THROW(membarrier_this_process());
}

TEST(Membarrier, AKernelThatLacksOneCommandDoesNotSupportIt) {
    scripted_kernel script;
    script.answer(SYS_membarrier, 1).fail(SYS_membarrier, ENOSYS, 2);
    EXPECT_FALSE(membarrier_supported());
    EXPECT_FALSE(membarrier_supported());
}

TEST(Membarrier, RegistrationFailsWhereEitherFails) {
    scripted_kernel script;
    script.fail(SYS_membarrier, EINVAL, 1).fail(SYS_membarrier, EINVAL, 3);
    EXPECT_FALSE(register_for_membarrier());
    EXPECT_FALSE(register_for_membarrier());
}

TEST(Membarrier, AFenceThatFailsIsAnError) {
    scripted_kernel script;
    script.fail(SYS_membarrier, EINVAL, 1).fail(SYS_membarrier, EINVAL, 2);
    EXPECT_EQ(complaint_of(membarrier_all_processes),
              "cannot fence all processes: Invalid argument");
    EXPECT_EQ(complaint_of(membarrier_this_process), "cannot fence this process: Invalid argument");
}

TEST(Membarrier, AProcessThatHasNotRegisteredIsToldTo) {
    scripted_kernel script;
    script.fail(SYS_membarrier, EPERM);
    EXPECT_EQ(complaint_of(membarrier_this_process),
              "cannot fence this process: Operation not permitted; register for membarrier first");
}

}  // namespace
}  // namespace signet::os
