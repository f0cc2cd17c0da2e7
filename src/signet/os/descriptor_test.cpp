// SPDX-License-Identifier: Apache-2.0
#include <signet/os/descriptor.hpp>

#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::scripted_kernel;

descriptor some() {
    return descriptor{fcntl(0, F_DUPFD_CLOEXEC, 3)};
}

bool is_open(int number) {
    return fcntl(number, F_GETFD) >= 0;
}

TEST(Descriptor, WithoutANumberItHoldsNothing) {
    EXPECT_FALSE(descriptor{});
    EXPECT_EQ(descriptor{}.get(), -1);
}

TEST(Descriptor, ItsEndClosesIt) {
    const int number = some().get();
    EXPECT_FALSE(is_open(number));
}

TEST(Descriptor, ItIsPassedOnByMoving) {
    descriptor first = some();
    const int number = first.get();
    const descriptor second{std::move(first)};
    EXPECT_EQ(second.get(), number);
    EXPECT_TRUE(is_open(number));
}

TEST(Descriptor, AssignmentClosesWhatWasHeldBefore) {
    descriptor held = some();
    const int number = held.get();
    held = some();
    EXPECT_FALSE(is_open(number));
    EXPECT_TRUE(is_open(held.get()));
}

TEST(Descriptor, WhatIsReleasedStaysOpen) {
    const int number = some().release();
    EXPECT_TRUE(is_open(number));
    ::close(number);
}

TEST(Descriptor, CloseClosesNow) {
    descriptor held = some();
    const int number = held.get();
    held.close();
    EXPECT_FALSE(held);
    EXPECT_FALSE(is_open(number));
}

TEST(Descriptor, ClosingNothingDoesNothing) {
    EXPECT_NO_THROW(descriptor{}.close());
}

TEST(Descriptor, AnInterruptedCloseIsNotRepeated) {
    descriptor held = some();
    scripted_kernel script;
    script.interrupt(SYS_close);
    EXPECT_NO_THROW(held.close());
    EXPECT_EQ(script.calls(SYS_close), 1);
}

TEST(Descriptor, ACloseThatFailsSaysSoAndIsNotRepeated) {
    descriptor held = some();
    scripted_kernel script;
    script.fail(SYS_close, EIO);
    EXPECT_EQ(complaint_of([&] { held.close(); }), "cannot close descriptor: Input/output error");
    EXPECT_FALSE(held);
}

TEST(Descriptor, ADuplicateIsClosedByExec) {
    const descriptor held = some();
    const descriptor copy = held.duplicate();
    EXPECT_NE(copy.get(), held.get());
    EXPECT_EQ(fcntl(copy.get(), F_GETFD), FD_CLOEXEC);
}

TEST(Descriptor, ItTakesThePlaceOfAnother) {
    const descriptor held = some();
    const descriptor other = some();
    EXPECT_TRUE(held.take_place_of(other.get()));
    EXPECT_EQ(fcntl(other.get(), F_GETFD), FD_CLOEXEC);
}

TEST(Descriptor, ThePlaceOfANumberOutOfRangeIsNotTaken) {
    EXPECT_FALSE(some().take_place_of(-1));
}

TEST(Descriptor, ADuplicateBeyondTheLimitIsAnError) {
    const descriptor held = some();
    scripted_kernel script;
    script.fail(SYS_fcntl, EMFILE);
    EXPECT_NE(complaint_of([&] { held.duplicate(); }).find("cannot duplicate descriptor: Too many"),
              std::string::npos);
}

}  // namespace
}  // namespace signet::os
