// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/recursive_mutex.hpp>

#include <signet/testing/in_region.hpp>

#include <mutex>
#include <thread>

namespace signet::sync {
namespace {

using namespace std::chrono_literals;
using testing::in_region;
using testing::mistake_of;
using testing::region_peer;

class RecursiveMutex : public in_region {};

TEST_F(RecursiveMutex, IsUnlockedAsOftenAsItWasLocked) {
    const region shop = open();
    recursive_mutex till{shop, "till"};
    const auto is_free = [&] {
        bool free = false;
        std::thread{[&] { free = till.try_lock() && (till.unlock(), true); }}.join();
        return free;
    };
    till.lock();
    EXPECT_TRUE(till.try_lock());
    EXPECT_TRUE(till.try_lock_for(1ms));
    for (int held = 3; held > 0; --held) {
        EXPECT_FALSE(is_free());
        till.unlock();
    }
    EXPECT_TRUE(is_free());
}

TEST_F(RecursiveMutex, MayBeLockedByItsOwnHook) {
    region_peer dies{where_, [](const region& shop, const region_peer::say& says) {
                         recursive_mutex till{shop, "till"};
                         till.lock();
                         till.lock();
                         says();
                         testing::wait_to_be_killed();
                     }};
    EXPECT_TRUE(dies.has_said());
    dies.kill();
    const region shop = open();
    int repairs = 0;
    recursive_mutex till{shop, "till", {.repair = [&] {
                             const std::scoped_lock again{till};
                             ++repairs;
                         }}};
    till.lock();
    till.unlock();
    EXPECT_EQ(repairs, 1);
    EXPECT_NE(mistake_of([&] { till.unlock(); }), "no mistake");
}

TEST_F(RecursiveMutex, TellsOfADeathWithoutAHook) {
    const region shop = open();
    {
        const region other = open();
        recursive_mutex{other, "till"}.lock();
    }
    recursive_mutex till{shop, "till"};
    EXPECT_THROW(till.lock(), error);
    EXPECT_TRUE(till.lock_inherited());
    EXPECT_FALSE(till.lock_inherited());
    till.mark_consistent();
    till.unlock();
    till.unlock();
    till.lock();
    till.unlock();
}

}  // namespace
}  // namespace signet::sync
