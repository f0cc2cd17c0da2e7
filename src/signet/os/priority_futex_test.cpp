// SPDX-License-Identifier: Apache-2.0
#include <signet/os/priority_futex.hpp>

#include <signet/os/mapping.hpp>
#include <signet/os/memfd.hpp>
#include <signet/os/process.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <atomic>
#include <thread>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::scripted_kernel;

class PriorityFutex : public ::testing::Test {
protected:
    std::uint32_t seen() const { return std::atomic_ref{word_}.load(); }

    void wait_for_owner() const {
        while (seen() == 0) std::this_thread::yield();
    }

    static std::uint32_t self() { return static_cast<std::uint32_t>(current_thread()); }

    mapping memory_ = mapping::read_write(create_memfd("test", 4096), 4096);
    std::uint32_t& word_ = *reinterpret_cast<std::uint32_t*>(memory_.data());
};

TEST_F(PriorityFutex, AWordOfNobodyIsTaken) {
    EXPECT_EQ(priority_lock(word_, never), priority_result::taken);
    EXPECT_EQ(seen() & priority_thread_mask, self());
    priority_unlock(word_);
    EXPECT_EQ(seen(), 0u);
}

TEST_F(PriorityFutex, ASecondTimeIsNoticed) {
    word_ = self();
    EXPECT_EQ(priority_lock(word_, never), priority_result::own);
}

TEST_F(PriorityFutex, AWaitEndsAtItsDeadline) {
    testing::forked_peer owner{[&]() -> int {
        priority_lock(word_, never);
        testing::wait_to_be_killed();
    }};
    wait_for_owner();
    EXPECT_EQ(priority_lock(word_, after(1ms)), priority_result::timed_out);
}

TEST_F(PriorityFutex, TheWordOfOneThatWasKilledIsToldApart) {
    testing::forked_peer owner{[&]() -> int {
        priority_lock(word_, never);
        testing::wait_to_be_killed();
    }};
    wait_for_owner();
    owner.kill();
    EXPECT_EQ(priority_lock(word_, never), priority_result::owner_gone);
}

TEST_F(PriorityFutex, WhoSleepsWhenTheOwnerIsKilledGetsItWithAMark) {
    testing::forked_peer owner{[&]() -> int {
        priority_lock(word_, never);
        while ((seen() & priority_waiters_bit) == 0) std::this_thread::yield();
        return 0;  // ends without giving it up
    }};
    wait_for_owner();
    EXPECT_EQ(priority_lock(word_, never), priority_result::taken);
    EXPECT_NE(seen() & priority_died_bit, 0u);
    priority_unlock(word_);
}

TEST_F(PriorityFutex, SignalsAndShortagesAreTold) {
    word_ = self() + 1;
    scripted_kernel script;
    script.interrupt(SYS_futex);
    EXPECT_EQ(priority_lock(word_, never), priority_result::interrupted);
    script.fail(SYS_futex, EAGAIN);
    EXPECT_EQ(priority_lock(word_, never), priority_result::changed);
    script.fail(SYS_futex, ENOSYS);
    EXPECT_EQ(
        complaint_of([&] { priority_lock(word_, never); }),
        "cannot wait for a word with priority inheritance: Function not implemented; it takes "
        "Linux 5.14");
}

TEST_F(PriorityFutex, WhatIsNotOursCannotBeGivenUp) {
    word_ = 1;
    EXPECT_EQ(complaint_of([&] { priority_unlock(word_); }),
              "cannot give up a word with priority inheritance: Operation not permitted");
}

TEST_F(PriorityFutex, APidNamespaceHasANumber) {
    EXPECT_EQ(pid_namespace(), pid_namespace());
    scripted_kernel script;
    script.fail(SYS_newfstatat, ENOENT);
    EXPECT_EQ(complaint_of([] { pid_namespace(); }),
              "cannot look at '/proc/self/ns/pid': No such file or directory");
}

}  // namespace
}  // namespace signet::os
