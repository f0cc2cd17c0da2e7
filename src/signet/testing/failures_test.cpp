// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/failures.hpp>

#include <signet/base/error.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/event.hpp>

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

namespace signet::testing {
namespace {

TEST(Failures, AComplaintIsTheWholeTextOfTheError) {
    EXPECT_EQ(complaint_of([] { throw error{errc::refused, "join", "x"}; }),
              "cannot join 'x': refused by the peer");
    EXPECT_EQ(complaint_of([] {}), "no error");
}

TEST(Failures, AnOpenDescriptorIsCounted) {
    const int before = open_descriptors();
    const os::descriptor one{dup(0)};
    EXPECT_EQ(open_descriptors(), before + 1);
}

TEST(Failures, CallsThatAnOperationDoesWithoutAreNamed) {
    EXPECT_EQ(fail_each_call(EMFILE, [] { os::event{}.signal(); }), std::vector<long>{SYS_close});
}

TEST(Failures, ALeakIsFound) {
    int leaked = -1;
    EXPECT_NONFATAL_FAILURE(fail_each_call(EMFILE, [&leaked] { leaked = dup(0); }), "leak");
    close(leaked);
}

TEST(Failures, AForkedChildTellsItsResult) {
    EXPECT_EQ(exit_code_of_forked([] { return 3; }), 3);
}

TEST(Failures, AForkedChildTellsTheSignalThatKilledIt) {
    EXPECT_EQ(exit_code_of_forked([] { return std::raise(SIGKILL); }), 128 + SIGKILL);
}

}  // namespace
}  // namespace signet::testing
