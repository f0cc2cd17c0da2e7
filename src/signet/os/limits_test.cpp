// SPDX-License-Identifier: Apache-2.0
#include <signet/os/limits.hpp>

#include <signet/os/event.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <ios>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::fail_each_call;
using testing::scripted_kernel;

TEST(Limits, TheyAreThoseOfTheProcess) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_EQ(current_descriptor_limits().soft, limit.rlim_cur);
    EXPECT_EQ(current_descriptor_limits().hard, limit.rlim_max);
}

TEST(Limits, EachOpenDescriptorIsCounted) {
    const std::uint64_t before = current_descriptor_limits().used;
    EXPECT_EQ(before, static_cast<std::uint64_t>(testing::open_descriptors()));
    const event bell;
    EXPECT_EQ(current_descriptor_limits().used, before + 1);
}

TEST(Limits, TheLimitInForceIsRaisedToTheHardOne) {
    const auto raised = [] {
        const rlimit low{64, current_descriptor_limits().hard};
        setrlimit(RLIMIT_NOFILE, &low);
        const bool told = raise_descriptor_limit() == low.rlim_max;
        return told && current_descriptor_limits().soft == low.rlim_max ? 1 : 0;
    };
    EXPECT_EQ(exit_code_of_forked(raised), 1);
}

TEST(Limits, EachCallThatFailsIsAnError) {
    EXPECT_EQ(fail_each_call(EMFILE, [] { current_descriptor_limits(); }),
              std::vector<long>{SYS_close});
}

TEST(Limits, RaisingThatIsForbiddenIsAnError) {
    scripted_kernel script;
    script.fail(SYS_prlimit64, EPERM, 2);
    EXPECT_EQ(complaint_of([] { raise_descriptor_limit(); }),
              "cannot raise the limit of open files: Operation not permitted");
}

TEST(Limits, OutOfDescriptorsIsToldFromOtherErrors) {
    for (const int number : {EMFILE, ENFILE, ETOOMANYREFS}) {
        EXPECT_TRUE(is_out_of_descriptors({number, std::system_category()}));
        EXPECT_TRUE(is_out_of_descriptors({number, std::generic_category()}));
        EXPECT_FALSE(is_out_of_descriptors({number, std::iostream_category()}));
    }
    EXPECT_FALSE(is_out_of_descriptors({ENOMEM, std::system_category()}));
}

}  // namespace
}  // namespace signet::os
