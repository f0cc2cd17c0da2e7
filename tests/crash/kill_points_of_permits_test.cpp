// SPDX-License-Identifier: Apache-2.0
// A process is killed before each step of taking and giving back permits, and of waiting for one:
// semaphores, and pools whose permits have an owner.
#include "region_survivors.hpp"

#include <signet/sync.hpp>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;

// ---- permits that are counted -------------------------------------------------------------------

struct semaphore_world {
    region in{swept_region, small_region};
    semaphore permits{in, "permits", 0};
    std::atomic<std::uint64_t> released{0};  // by the survivors
    std::atomic<std::uint64_t> acquired{0};
    std::atomic<int> waiting{0};
    last_words& words = shared_last_words();

    void release_as_victim() {
        permits.release();
        ++words.published;
    }
    void acquire_as_victim() {
        permits.acquire();
        ++words.received;
    }
    void release() {
        ++released;
        permits.release();
    }
    void acquire() {
        ++waiting;
        permits.acquire();
        ++acquired;
        --waiting;
    }

    // Two sleep; what was released before the death reaches them without our help.
    void help() {
        EXPECT_TRUE(eventually([&] { return waiting == 0 || permits.permits() == 0; }));
        release();
        release();
    }
    // All are there, but for the one that the victim was acquiring or releasing.
    void check() {
        const std::uint64_t sum = permits.permits() + acquired + words.received;
        EXPECT_GE(sum + 1, released + words.published);
        EXPECT_LE(sum, released + words.published + 1);
        release();
        acquire();
    }
};

TEST(KillPointsOfSemaphore, WhileItIsAcquiredAndReleased) {
    region_sweep<semaphore_world> swept;
    swept.run({.victim = killed_in<semaphore_world>(
                   [](semaphore_world& here) { here.release_as_victim(); },
                   [](semaphore_world& here) {
                       here.acquire_as_victim();
                       EXPECT_FALSE(here.permits.try_acquire());
                       EXPECT_FALSE(here.permits.try_acquire_for(1ms));
                       here.release_as_victim();
                   })},
              {"exchange semaphore.word [permits]", "exchange semaphore.word [none]",
               "futex_wait semaphore.word [none, waiters]"});
}

TEST(KillPointsOfSemaphore, WhileItIsReleasedForSleepers) {
    region_sweep<semaphore_world> swept;
    swept.run({.victim = killed_in<semaphore_world>([](semaphore_world& here) {
                   here.release_as_victim();
                   here.release_as_victim();
               }),
               .when_ready = two_fall_asleep(swept, [](semaphore_world& here) { here.acquire(); })},
              {"exchange semaphore.word [none, waiters]", "futex_wake semaphore.word [permits]"});
}

TEST(KillPointsOfSemaphore, WhileItSleepsForOne) {
    region_sweep<semaphore_world> swept;
    swept.run(
        {.victim = killed_in<semaphore_world>([](semaphore_world& here) { here.acquire(); }),
         .when_ready =
             [&] { swept.rest().fall_asleep([](semaphore_world& here) { here.acquire(); }); },
         .when_asleep =
             [&] {
                 swept.rest().here().release();
                 swept.rest().here().release();
             }},
        {"exchange semaphore.word [none, waiters]", "futex_wait semaphore.word [none, waiters]"});
}

TEST(KillPointsOfSemaphore, WhileItSleepsForTheSecond) {
    region_sweep<semaphore_world> swept;
    swept.run({.victim = killed_in<semaphore_world>([](semaphore_world& here) { here.acquire(); }),
               .when_ready =
                   [&] { swept.rest().fall_asleep([](semaphore_world& here) { here.acquire(); }); },
               .when_asleep =
                   [&] {
                       semaphore_world& here = swept.rest().here();
                       here.release();
                       EXPECT_TRUE(eventually([&] { return here.permits.permits() == 0; }));
                       here.release();
                   }},
              {"futex_wait semaphore.word [none, waiters]", "exchange semaphore.word [permits]"});
}

// ---- permits that have an owner -----------------------------------------------------------------

struct pool_world {
    region in{swept_region, small_region};
    permit_pool pool{in, "pool", 2};

    void take_both() {
        pool.acquire();
        pool.acquire();
    }

    // Whatever the victim had is back: what is missing is what this process has.
    void check() {
        while (pool.permits() != 2) pool.release();
        take_both();
        EXPECT_FALSE(pool.try_acquire());
    }
};

TEST(KillPointsOfPermitPool, WhileItIsAcquiredAndReleased) {
    region_sweep<pool_world> swept;
    swept.run({.victim = killed_in<pool_world>([](pool_world& here) {
                   here.take_both();
                   EXPECT_FALSE(here.pool.try_acquire_for(1ms));
                   here.pool.release();
                   here.pool.release();
               })},
              {"exchange pool.permit [free]", "exchange pool.permit [ours]",
               "load pool.turn [nobody waits]", "futex_wait pool.turn [waiters]"});
}

TEST(KillPointsOfPermitPool, WhileItIsReleasedForSleepers) {
    region_sweep<pool_world> swept;
    swept.run({.victim = killed_in<pool_world>([](pool_world& here) { here.take_both(); },
                                               [](pool_world& here) {
                                                   here.pool.release();
                                                   here.pool.release();
                                               }),
               .when_ready = two_fall_asleep(swept, [](pool_world& here) { here.pool.acquire(); })},
              {"exchange pool.permit [ours]", "exchange pool.turn [waiters]",
               "futex_wake pool.turn [waiters]"});
}

TEST(KillPointsOfPermitPool, WhileItSleepsForOne) {
    region_sweep<pool_world> swept;
    swept.run({.victim = killed_in<pool_world>([](pool_world& here) { here.pool.acquire(); }),
               .when_ready =
                   [&] {
                       swept.rest().here().take_both();
                       swept.rest().fall_asleep([](pool_world& here) { here.pool.acquire(); });
                   },
               .when_asleep =
                   [&] {
                       swept.rest().here().pool.release();
                       swept.rest().here().pool.release();
                   }},
              {"exchange pool.turn [waiters]", "futex_wait pool.turn [waiters]",
               "exchange pool.permit [free]"});
}

// ---- a death between the last look and the sleep ------------------------------------------------

TEST(ADeathBeforeTheSleep, IsNotMissedByWhoWaitsForAPermit) {
    die_before_sleep<pool_world>([](pool_world& here) { here.take_both(); }, [](pool_world&) {},
                                 [](pool_world& here) { here.pool.acquire(); });
}

}  // namespace
}  // namespace signet::tests
