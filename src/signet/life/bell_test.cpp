// SPDX-License-Identifier: Apache-2.0
#include <signet/life/bell.hpp>

#include <signet/os/poll.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <array>
#include <atomic>
#include <thread>

namespace signet::life {
namespace {

using testing::scripted_kernel;
using testing::watchdog;

class Bell : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_EQ(fencing_of_this_process(), fence_mode::on_demand); }

    std::uint32_t word() const { return words_.word.load(std::memory_order_relaxed); }

    bell_ringer ringer(clearing clears = clearing::by_ringer) {
        return {words_, &event_.handle(), fence_mode::on_demand, clears};
    }
    bell_sleeper sleeper() { return {words_, fence_mode::on_demand}; }

    memory::bell_words words_{};
    os::event event_;
};

TEST_F(Bell, WhoFindsNobodyAsleepMakesNoSystemCall) {
    auto rings = ringer();
    const scripted_kernel kernel;
    for (int i = 0; i < 10'000; ++i) rings.notify();
    EXPECT_EQ(kernel.calls(SYS_futex), 0);
}

TEST_F(Bell, WhoIsArmedIsWokenOnce) {
    auto rings = ringer();
    sleeper().arm();
    const scripted_kernel kernel;
    for (int i = 0; i < 100; ++i) rings.notify();
    EXPECT_EQ(kernel.calls(SYS_futex), 1);
    EXPECT_EQ(word() & bell_armed, 0u);
}

TEST_F(Bell, TheWordToSleepOnChangesWithTheRing) {
    auto rings = ringer();
    const os::futex_waiter waiter = sleeper().arm();
    rings.notify();
    EXPECT_NE(*waiter.word, waiter.expected);
}

TEST_F(Bell, OneThatWatchesTheEventIsTold) {
    auto rings = ringer();
    sleeper().arm_event();
    const scripted_kernel kernel;
    rings.notify();
    EXPECT_TRUE(os::wait_readable(event_.fd(), clock::now()));
    EXPECT_EQ(kernel.calls(SYS_futex), 0);
}

TEST_F(Bell, ASleeperMakesOneBarrierInEachGeneration) {
    auto sleeps = sleeper();
    const scripted_kernel kernel;
    for (int i = 0; i < 10; ++i) sleeps.arm();
    EXPECT_EQ(kernel.calls(SYS_membarrier), 1);
}

TEST_F(Bell, EachSleeperMakesABarrierOfItsOwn) {
    sleeper().arm();
    const scripted_kernel kernel;
    sleeper().arm();
    EXPECT_EQ(kernel.calls(SYS_membarrier), 1);
}

TEST_F(Bell, ARingerThatFindsNobodyForLongFencesNoMore) {
    auto rings = ringer();
    sleeper().arm();
    for (int i = 0; i < 3000; ++i) rings.notify();
    EXPECT_EQ(word() & bell_fencing, 0u);
    EXPECT_EQ(word() / bell_generation, 1u);
}

TEST_F(Bell, ANewGenerationTakesANewBarrier) {
    auto rings = ringer();
    auto sleeps = sleeper();
    sleeps.arm();
    for (int i = 0; i < 3000; ++i) rings.notify();
    const scripted_kernel kernel;
    sleeps.arm();
    sleeps.arm();
    EXPECT_EQ(kernel.calls(SYS_membarrier), 1);
}

TEST_F(Bell, StickyFencingStays) {
    always_fence(words_);
    auto rings = ringer();
    for (int i = 0; i < 3000; ++i) rings.notify();
    EXPECT_NE(word() & bell_fencing, 0u);
}

TEST_F(Bell, ASleeperThatCannotMakeBarriersMakesNone) {
    bell_sleeper sleeps{words_, fence_mode::always};
    const scripted_kernel kernel;
    sleeps.arm();
    EXPECT_EQ(kernel.calls(SYS_membarrier), 0);
}

TEST_F(Bell, WhereSleepersClearARingerLeavesTheMark) {
    auto rings = ringer(clearing::by_sleeper);
    auto sleeps = sleeper();
    sleeps.arm();
    rings.notify();
    EXPECT_NE(word() & bell_armed, 0u);
    sleeps.disarm();
    EXPECT_EQ(word() & bell_armed, 0u);
}

TEST_F(Bell, GarbageInTheWordIsSurvived) {
    auto rings = ringer();
    auto sleeps = sleeper();
    for (const std::uint32_t garbage : {~0u, 0x5555'5555u, 8u}) {
        words_.word.store(garbage, std::memory_order_relaxed);
        sleeps.arm();
        for (int i = 0; i < 2000; ++i) rings.notify();
    }
    EXPECT_EQ(word() & bell_armed, 0u);
}

TEST_F(Bell, NoWakeUpIsLostBetweenTwoThreads) {
    constexpr int rounds = 20'000;
    memory::shared_word<std::uint64_t> commits{};
    std::jthread ringing{[&, rings = ringer()]() mutable {
        for (std::uint64_t i = 1; i <= rounds; ++i) {
            commits.store(i, std::memory_order_release);
            rings.notify();
            if (i % 8 == 0) std::this_thread::yield();
        }
    }};
    auto sleeps = sleeper();
    const deadline give_up = after(watchdog);
    for (std::uint64_t seen = 0; seen < rounds;) {
        const std::array words{sleeps.arm()};
        const std::uint64_t now = commits.load(std::memory_order_acquire);
        if (now == seen) os::futex_wait_any(words, give_up);
        ASSERT_LT(clock::now(), give_up) << "asleep at " << seen;
        seen = now;
    }
}

}  // namespace
}  // namespace signet::life
