// SPDX-License-Identifier: Apache-2.0
#include <signet/os/inherited.hpp>

#include <signet/os/pipe.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::forked_peer;
using testing::scripted_kernel;

bool is_open(int number) {
    return fcntl(number, F_GETFD) >= 0;
}

/// A number of this process, as if it had been started with it.
int inherited_number() {
    return fcntl(STDERR_FILENO, F_DUPFD, 20);
}

TEST(Inherited, WhatIsTakenOverMovesToAnotherNumber) {
    const int number = inherited_number();
    const descriptor taken = take_inherited(number);
    EXPECT_TRUE(is_open(taken.get()));
    EXPECT_FALSE(is_open(number));
    EXPECT_EQ(fcntl(taken.get(), F_GETFD), FD_CLOEXEC);
}

TEST(Inherited, InPlaceOfStandardOutputThereIsNothingToMeet) {
    pipe_ends ends = pipe_ends::create();
    forked_peer peer{[&] {
        dup2(ends.writer.fd(), STDOUT_FILENO);
        const descriptor taken = take_inherited(STDOUT_FILENO);
        return write(STDOUT_FILENO, "stray", 5) == 5 && write(taken.get(), "!", 1) == 1 ? 0 : 1;
    }};
    EXPECT_EQ(peer.exit_code(), 0);
    EXPECT_EQ(ends.reader.unread_bytes(), 1);
}

TEST(Inherited, WhatIsNotOpenIsNamed) {
    const std::string text = complaint_of([] { take_inherited(987); });
    EXPECT_NE(text.find("987"), std::string::npos);
    EXPECT_NE(text.find("nothing is open there"), std::string::npos);
}

TEST(Inherited, EachFailureIsAnErrorAndLeavesTheNumberAsItWas) {
    for (const long call : {SYS_fcntl, SYS_openat, SYS_dup3}) {
        forked_peer peer{[&] {
            scripted_kernel script;
            script.fail(call, EMFILE);
            return complaint_of([] { take_inherited(STDIN_FILENO); }) != "no error" ? 0 : 1;
        }};
        EXPECT_EQ(peer.exit_code(), 0);
    }
}

}  // namespace
}  // namespace signet::os
