// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/spin_lock.hpp>

#include <signet/testing/in_region.hpp>

#include <mutex>
#include <thread>
#include <vector>

namespace signet::sync {
namespace {

using namespace std::chrono_literals;
using testing::in_region;
using testing::mistake_of;
using testing::region_peer;

class SpinLock : public in_region {};

TEST_F(SpinLock, LetsOneThreadInAtATime) {
    const testing::without_backstop alone;
    const region shop = open();
    spin_lock till{shop, "till"};
    int total = 0;
    {
        std::vector<std::jthread> sellers;
        for (int i = 0; i < 4; ++i) {
            sellers.emplace_back([&] {
                for (int sold = 0; sold < 2000; ++sold) {
                    const std::scoped_lock mine{till};
                    ++total;
                }
            });
        }
    }
    EXPECT_EQ(total, 8000);
}

TEST_F(SpinLock, SleepsWhereItsHolderIsStoppedAndInheritsWhereItDies) {
    region_peer holds{where_, [](const region& shop, const region_peer::say& says) {
                          spin_lock till{shop, "till"};
                          till.lock();
                          says();
                          testing::wait_to_be_killed();
                      }};
    const testing::without_backstop alone;
    const region shop = open();
    spin_lock till{shop, "till"};
    EXPECT_TRUE(holds.has_said());
    holds.stop();
    EXPECT_FALSE(till.try_lock());
    testing::watched_thread waits{[&] { EXPECT_THROW(till.lock(), error); }};
    EXPECT_TRUE(waits.falls_asleep());
    holds.kill();
    waits.join();
    EXPECT_TRUE(till.lock_inherited());
    till.mark_consistent();
    till.unlock();
}

TEST_F(SpinLock, RefusesAForkedChild) {
    const region shop = open();
    spin_lock till{shop, "till"};
    const int code = testing::exit_code_of_forked(
        [&] { return testing::complaint_of([&] { till.lock(); }) != "no error" ? 0 : 1; });
    EXPECT_EQ(code, 0);
}

TEST_F(SpinLock, IsNotUnlockedByWhoDoesNotHaveIt) {
    const region shop = open();
    spin_lock till{shop, "till"};
    EXPECT_NE(mistake_of([&] { till.unlock(); }), "no mistake");
    till.lock();
    EXPECT_NE(mistake_of([&] { till.lock(); }), "no mistake");
    till.unlock();
}

}  // namespace
}  // namespace signet::sync
