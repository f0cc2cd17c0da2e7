// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/mutex.hpp>

#include <signet/testing/in_region.hpp>

#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace signet::sync {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::in_region;
using testing::mistake_of;
using testing::region_peer;
using testing::watched_thread;

class Mutex : public in_region {
protected:
    /// A process that holds the lock.
    region_peer holder() {
        return {where_, [](const region& shop, const region_peer::say& holds) {
                    mutex till{shop, "till"};
                    till.lock();
                    holds();
                }};
    }
    /// A process that sleeps for the lock when it is told to.
    region_peer waiter() {
        return {where_, [](const region& shop, const region_peer::say& says) {
                    mutex till{shop, "till"};
                    says.until_told();
                    says();
                    till.lock_inherited();
                }};
    }
};

TEST_F(Mutex, IsHeldByTheThreadThatLockedIt) {
    const region shop = open();
    mutex till{shop, "till"};
    const std::scoped_lock mine{till};
    EXPECT_TRUE(till.held_here());
    EXPECT_FALSE(till.looks_free());
    std::thread{[&] { EXPECT_FALSE(till.held_here()); }}.join();
}

TEST_F(Mutex, LetsOneThreadInAtATime) {
    const region shop = open();
    mutex till{shop, "till"};
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

TEST_F(Mutex, LosesNoWakeUpAmongThoseWhoGiveUp) {
    const testing::without_backstop alone;
    const region shop = open();
    mutex till{shop, "till"};
    std::vector<std::jthread> sellers;
    for (int i = 0; i < 4; ++i) {
        sellers.emplace_back([&, i] {
            for (int round = 0; round < 3000; ++round) {
                std::unique_lock mine{till, std::defer_lock};
                if (i % 2 == 0) mine.lock();
                if (i % 2 == 1 && !mine.try_lock_for(20us)) continue;
                if (round % 8 == 0) std::this_thread::yield();
            }
        });
    }
}

TEST_F(Mutex, IsNotHadByATryWhereSomebodyHasIt) {
    const region shop = open();
    mutex till{shop, "till"};
    const std::scoped_lock mine{till};
    std::thread{[&] {
        EXPECT_FALSE(till.try_lock());
        EXPECT_FALSE(till.try_lock_for(2ms));
        EXPECT_FALSE(till.try_lock_until(clock::now() - 1s));
    }}.join();
}

TEST_F(Mutex, IsHadByATryWhereNobodyHasIt) {
    const region shop = open();
    mutex till{shop, "till"};
    ASSERT_TRUE(till.try_lock());
    till.unlock();
    ASSERT_TRUE(till.try_lock_until(clock::now() - 1s));
    till.unlock();
    EXPECT_TRUE(till.looks_free());
}

TEST_F(Mutex, IsNotWaitedForAfterAStop) {
    const region shop = open();
    mutex till{shop, "till"};
    const std::scoped_lock mine{till};
    std::stop_source stop;
    watched_thread waits{[&] { EXPECT_FALSE(till.lock(stop.get_token())); }};
    EXPECT_TRUE(waits.falls_asleep());
    stop.request_stop();
}

TEST_F(Mutex, IsGivenToAProcessThatSleepsForIt) {
    const testing::without_backstop alone;
    region_peer sleeps{where_, [](const region& shop, const region_peer::say& says) {
                           mutex till{shop, "till"};
                           mutex door{shop, "door"};
                           door.lock();
                           says.until_told();
                           says();
                           const std::scoped_lock mine{till};
                           door.unlock();
                       }};
    const region shop = open();
    mutex till{shop, "till"};
    mutex door{shop, "door"};
    till.lock();
    sleeps.tell();
    EXPECT_TRUE(sleeps.falls_asleep());
    till.unlock();
    const std::scoped_lock through{door};
}

// ---- deaths -------------------------------------------------------------------------------------

TEST_F(Mutex, OfADeadHolderIsInheritedByWhoComesLater) {
    region_peer holds = holder();
    EXPECT_TRUE(holds.has_said());
    holds.kill();
    const region shop = open();
    mutex till{shop, "till"};
    EXPECT_TRUE(till.lock_inherited());
    till.unlock();
}

TEST_F(Mutex, OfADeadHolderIsInheritedByWhoSleepsForIt) {
    region_peer holds = holder();
    const testing::without_backstop alone;
    const region shop = open();
    mutex till{shop, "till"};
    EXPECT_TRUE(holds.has_said());
    watched_thread waits{[&] {
        EXPECT_TRUE(till.lock_inherited());
        till.unlock();
    }};
    EXPECT_TRUE(waits.falls_asleep());
    holds.kill();
}

TEST_F(Mutex, StaysInheritedUntilSomebodySaysThatAllIsWell) {
    region_peer holds = holder();
    EXPECT_TRUE(holds.has_said());
    holds.kill();
    const region shop = open();
    mutex till{shop, "till"};
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(till.lock_inherited());
        till.unlock();
    }
    EXPECT_TRUE(till.lock_inherited());
    till.mark_consistent();
    till.unlock();
    EXPECT_FALSE(till.lock_inherited());
    till.unlock();
}

TEST_F(Mutex, WithoutAHookTellsOfADeathAgainAndAgain) {
    region_peer holds = holder();
    EXPECT_TRUE(holds.has_said());
    holds.kill();
    const region shop = open();
    mutex till{shop, "till"};
    const std::string told =
        "cannot lock mutex 'till': owner died; what it guards may be half changed; give it a "
        "repair hook, or call lock_inherited, put things right, and mark_consistent";
    EXPECT_EQ(complaint_of([&] { till.lock(); }), told);
    EXPECT_EQ(complaint_of([&] { static_cast<void>(till.try_lock_for(1ms)); }), told);
    EXPECT_EQ(complaint_of([&] { static_cast<void>(till.try_lock()); }), told);
    EXPECT_FALSE(till.held_here());
}

TEST_F(Mutex, WithAHookIsRepairedOnce) {
    region_peer holds = holder();
    EXPECT_TRUE(holds.has_said());
    holds.kill();
    const region shop = open();
    int repairs = 0;
    mutex till{shop, "till", {.repair = [&] { ++repairs; }}};
    till.lock();
    till.unlock();
    till.lock();
    till.unlock();
    EXPECT_EQ(repairs, 1);
}

TEST_F(Mutex, IsNotHeldAfterAHookThatThrows) {
    region_peer holds = holder();
    EXPECT_TRUE(holds.has_said());
    holds.kill();
    const region shop = open();
    mutex till{shop, "till", {.repair = [] { throw std::runtime_error{"beyond repair"}; }}};
    EXPECT_THROW(till.lock(), std::runtime_error);
    EXPECT_FALSE(till.held_here());
    EXPECT_TRUE(till.lock_inherited());
    till.unlock();
}

TEST_F(Mutex, OfOneThatDiedWhileItRepairedIsStillInherited) {
    region_peer holds = holder();
    region_peer repairs{where_, [](const region& shop, const region_peer::say& says) {
                            mutex till{shop, "till", {.repair = [&] {
                                           says();
                                           testing::wait_to_be_killed();
                                       }}};
                            says.until_told();
                            till.lock();
                        }};
    EXPECT_TRUE(holds.has_said());
    holds.kill();
    repairs.tell();
    EXPECT_TRUE(repairs.has_said());
    repairs.kill();
    const region shop = open();
    mutex till{shop, "till"};
    EXPECT_TRUE(till.lock_inherited());
    till.unlock();
}

TEST_F(Mutex, ReachesTheNextOneWhereASleeperDies) {
    region_peer dies = waiter();
    const testing::without_backstop alone;
    const region shop = open();
    mutex till{shop, "till"};
    till.lock();
    dies.tell();
    EXPECT_TRUE(dies.falls_asleep());
    watched_thread waits{[&] { till.lock_inherited(), till.unlock(); }};
    EXPECT_TRUE(waits.falls_asleep());
    dies.stop();    // so that the wake-up may go to one
    till.unlock();  // that does nothing with it
    dies.kill();
}

TEST_F(Mutex, OfAStoppedHolderStaysIts) {
    region_peer holds{where_, [](const region& shop, const region_peer::say& says) {
                          mutex till{shop, "till"};
                          till.lock();
                          says();
                          says.until_told();
                          till.unlock();
                      }};
    const region shop = open();
    mutex till{shop, "till"};
    EXPECT_TRUE(holds.has_said());
    holds.stop();
    EXPECT_FALSE(till.try_lock_for(500ms));  // longer than a waiter sleeps before it looks
    holds.tell();
    holds.resume();
    till.lock();
    till.unlock();
}

TEST_F(Mutex, IsLeftByWhoClosesTheRegionInGoodOrder) {
    const region shop = open();
    {
        const region other = open();
        mutex{other, "till"}.lock();
    }
    mutex till{shop, "till"};
    EXPECT_TRUE(till.lock_inherited());
    till.unlock();
}

// ---- fork ---------------------------------------------------------------------------------------

TEST_F(Mutex, RefusesAForkedChild) {
    const region shop = open();
    mutex till{shop, "till"};
    const int code = testing::exit_code_of_forked([&] {
        const std::string told =
            "cannot use region 'shop': used in a forked child; it was opened before fork; the "
            "child opens it anew";
        const bool locks = complaint_of([&] { till.lock(); }) == told;
        const bool tries = complaint_of([&] { static_cast<void>(till.try_lock()); }) == told;
        const bool looks = complaint_of([&] { static_cast<void>(till.looks_free()); }) == told;
        return locks && tries && looks ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(Mutex, IsNotGivenUpByAForkedChild) {
    const region shop = open();
    mutex till{shop, "till"};
    const std::scoped_lock mine{till};
    EXPECT_EQ(testing::exit_code_of_forked([&] { return till.unlock(), 0; }), 0);
    EXPECT_TRUE(till.held_here());
    std::thread{[&] { EXPECT_FALSE(till.try_lock()); }}.join();
}

TEST_F(Mutex, OfADeadParentIsInheritedThoughItsChildLivesOn) {
    int left_open[2];
    ASSERT_EQ(pipe(left_open), 0);
    region_peer parent{where_, [&](const region& shop, const region_peer::say& says) {
                           mutex till{shop, "till"};
                           till.lock();
                           if (fork() != 0) return says();
                           close(left_open[1]);
                           char none = 0;
                           _exit(static_cast<int>(read(left_open[0], &none, 1)));
                       }};
    EXPECT_TRUE(parent.has_said());
    parent.kill();
    const region shop = open();
    mutex till{shop, "till"};
    EXPECT_TRUE(till.lock_inherited());
    till.unlock();
    close(left_open[1]);
    close(left_open[0]);
}

TEST_F(Mutex, OfADeadParentIsInheritedThoughAProgramItStartedLivesOn) {
    int left_open[2];
    ASSERT_EQ(pipe(left_open), 0);
    region_peer parent{where_, [&](const region& shop, const region_peer::say& says) {
                           mutex till{shop, "till"};
                           till.lock();
                           if (fork() != 0) return says();
                           close(left_open[1]);
                           dup2(left_open[0], 0);
                           execl("/bin/cat", "cat", nullptr);
                       }};
    EXPECT_TRUE(parent.has_said());
    parent.kill();
    const region shop = open();
    mutex till{shop, "till"};
    EXPECT_TRUE(till.lock_inherited());
    till.unlock();
    close(left_open[1]);
    close(left_open[0]);
}

// ---- mistakes -----------------------------------------------------------------------------------

TEST_F(Mutex, IsNotUnlockedByWhoDoesNotHaveIt) {
    const region shop = open();
    mutex till{shop, "till"};
    const std::string told = "unlock mutex 'till': this thread does not have it";
    EXPECT_EQ(mistake_of([&] { till.unlock(); }), told);
    const std::scoped_lock mine{till};
    std::thread{[&] { EXPECT_EQ(mistake_of([&] { till.unlock(); }), told); }}.join();
}

TEST_F(Mutex, IsNotLockedTwiceByOneThread) {
    const region shop = open();
    mutex till{shop, "till"};
    const std::scoped_lock mine{till};
    const std::string told = "lock mutex 'till': this thread has it already; use recursive_mutex";
    EXPECT_EQ(mistake_of([&] { till.lock(); }), told);
    EXPECT_EQ(mistake_of([&] { static_cast<void>(till.try_lock_for(1h)); }), told);
    EXPECT_FALSE(till.try_lock());
}

TEST_F(Mutex, IsNotRepairedByWhoDoesNotHaveIt) {
    const region shop = open();
    mutex till{shop, "till"};
    EXPECT_EQ(mistake_of([&] { till.mark_consistent(); }),
              "repair mutex 'till': this thread does not have it");
}

}  // namespace
}  // namespace signet::sync
