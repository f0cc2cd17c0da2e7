// SPDX-License-Identifier: Apache-2.0
#include <signet/life/short_lock.hpp>

#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace signet::life {
namespace {

TEST(ShortLock, IsTakenByOne) {
    short_lock lock;
    const std::lock_guard held{lock};
    bool taken = true;
    std::thread{[&] { taken = lock.try_lock(); }}.join();
    EXPECT_FALSE(taken);
}

TEST(ShortLock, IsFreeAgainWhenItWasGivenBack) {
    short_lock lock;
    lock.lock();
    lock.unlock();
    ASSERT_TRUE(lock.try_lock());
    lock.unlock();
}

TEST(ShortLock, KeepsThreadsApartAndForgetsNobodyWhoWaits) {
    short_lock lock;
    long guarded = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int left = 20'000; left != 0; --left) {
                const std::lock_guard held{lock};
                ++guarded;
            }
        });
    }
    for (std::thread& one : threads) one.join();
    EXPECT_EQ(guarded, 80'000);
}

// Held for longer than anybody looks: those who want it sleep.
TEST(ShortLock, WakesThoseWhoSleepHoweverManyCome) {
    short_lock lock;
    long guarded = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&] {
            for (int left = 300; left != 0; --left) {
                const std::lock_guard held{lock};
                std::this_thread::sleep_for(std::chrono::microseconds{left % 3 == 0 ? 50 : 0});
                ++guarded;
            }
        });
    }
    for (std::thread& one : threads) one.join();
    EXPECT_EQ(guarded, 1'800);
}

}  // namespace
}  // namespace signet::life
