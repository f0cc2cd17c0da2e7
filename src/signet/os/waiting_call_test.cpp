// SPDX-License-Identifier: Apache-2.0
#include <signet/os/waiting_call.hpp>

#include <signet/os/event.hpp>
#include <signet/testing/failures.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace signet::os {
namespace {

using namespace std::chrono_literals;

// Answers one after the other, and remembers whether it might have waited.
struct scripted_attempt {
    long operator()(waiting wait) {
        last = wait;
        return answers.at(made++);
    }
    std::vector<long> answers;
    std::size_t made = 0;
    waiting last = waiting::no;
};

TEST(WaitingCall, WithoutADeadlineTheCallItselfWaits) {
    scripted_attempt attempt{{7}};
    EXPECT_EQ(call_until(-1, readiness::readable, never, std::ref(attempt)), 7);
    EXPECT_EQ(attempt.last, waiting::yes);
}

TEST(WaitingCall, WithADeadlineOnlyThePollWaits) {
    event bell;
    bell.signal();
    scripted_attempt attempt{{-EAGAIN, 7}};
    EXPECT_EQ(call_until(bell.fd(), readiness::readable, after(20s), std::ref(attempt)), 7);
    EXPECT_EQ(attempt.last, waiting::no);
}

TEST(WaitingCall, AnInterruptedAttemptIsMadeAgain) {
    scripted_attempt attempt{{-EINTR, -EINTR, 7}};
    EXPECT_EQ(call_until(-1, readiness::readable, deadline::min(), std::ref(attempt)), 7);
}

TEST(WaitingCall, WhenTheDeadlinePassesItWouldStillHaveToWait) {
    const event bell;
    for (const deadline until : {deadline::min(), deadline{}, after(1ms)}) {
        scripted_attempt attempt{{-EAGAIN}};
        EXPECT_EQ(call_until(bell.fd(), readiness::readable, until, std::ref(attempt)), -EAGAIN);
    }
}

TEST(WaitingCall, AnotherFailureIsHandedOn) {
    scripted_attempt attempt{{-EIO}};
    EXPECT_EQ(call_until(-1, readiness::writable, never, std::ref(attempt)), -EIO);
}

}  // namespace
}  // namespace signet::os
