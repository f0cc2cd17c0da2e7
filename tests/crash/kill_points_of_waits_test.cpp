// SPDX-License-Identifier: Apache-2.0
// A process is killed before each step of what others wait for, and of waiting for it: condition
// variables, once flags, events, barriers and latches.
#include "region_survivors.hpp"
#include "twins.hpp"

#include <signet/error.hpp>
#include <signet/sync.hpp>

#include <mutex>
#include <optional>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;

// ---- a condition variable: how many were put down, and how many taken ---------------------------

struct counter_world {
    region in{swept_region, small_region};
    structure<twins> goods{in, "goods"};  // put, taken
    mutex lock{in, "lock", {.repair = [] {}}};
    condition_variable changed{in, "changed"};
    std::atomic<int> waiting{0};  // of the survivors

    bool any() { return twins::value(goods->first) > twins::value(goods->second); }

    void put_one() {
        const std::lock_guard mine{lock};
        twins::add(goods->first);
    }
    void put() {
        put_one();
        changed.notify_one();
    }
    void put_two_for_all() {
        put_one();
        put_one();
        changed.notify_all();
    }
    void take() {
        std::unique_lock mine{lock};
        changed.wait(mine, [&] { return any(); });
        twins::add(goods->second);
    }
    void take_as_survivor() {
        ++waiting;
        take();
        --waiting;
    }
    bool take_soon() {
        std::unique_lock mine{lock};
        const bool got = changed.wait_for(mine, 1ms, [&] { return any(); });
        if (got) twins::add(goods->second);
        return got;
    }
    bool all_taken() {
        const std::lock_guard mine{lock};
        return !any();
    }

    // What was put down before the death is taken without our help.
    void help() {
        EXPECT_TRUE(eventually([&] { return waiting == 0 || all_taken(); }));
        put_two_for_all();
    }
    void check() {
        put();
        take();
    }
};

TEST(KillPointsOfConditionVariable, WhileItNotifiesOne) {
    region_sweep<counter_world> swept;
    swept.run({.victim = killed_in<counter_world>([](counter_world& here) {
                   here.put();
                   here.put();
               }),
               .when_ready =
                   two_fall_asleep(swept, [](counter_world& here) { here.take_as_survivor(); })},
              {"load condition.word [waiters]", "exchange condition.word [waiters]",
               "futex_wake condition.word [waiters]"});
}

TEST(KillPointsOfConditionVariable, WhileItNotifiesAll) {
    region_sweep<counter_world> swept;
    swept.run(
        {.victim = killed_in<counter_world>([](counter_world& here) { here.put_two_for_all(); }),
         .when_ready =
             two_fall_asleep(swept, [](counter_world& here) { here.take_as_survivor(); })},
        {"exchange condition.word [waiters]", "futex_wake condition.word [nobody waits]"});
}

TEST(KillPointsOfConditionVariable, WhileItSleeps) {
    region_sweep<counter_world> swept;
    swept.run(
        {.victim = killed_in<counter_world>([](counter_world& here) { here.take(); }),
         .when_ready =
             [&] {
                 swept.rest().fall_asleep([](counter_world& here) { here.take_as_survivor(); });
             },
         .when_asleep =
             [&] {
                 swept.rest().here().put();
                 swept.rest().here().put();
             }},
        {"exchange condition.word [waiters]", "futex_wait condition.word [waiters]",
         "exchange mutex.word [ours]", "exchange mutex.word [free]"});
}

TEST(KillPointsOfConditionVariable, WhileItGivesUpWaiting) {
    region_sweep<counter_world> swept;
    swept.run(
        {.victim =
             killed_in<counter_world>([](counter_world& here) { EXPECT_FALSE(here.take_soon()); }),
         .when_ready =
             [&] {
                 swept.rest().fall_asleep([](counter_world& here) { here.take_as_survivor(); });
             }},
        {"futex_wait condition.word [waiters]", "exchange mutex.word [free]"});
}

// ---- what is done once --------------------------------------------------------------------------

struct once_world {
    region in{swept_region, small_region};
    structure<twins> data{in, "data"};
    once_flag flag{in, "flag"};
    std::atomic<bool> finish{false};

    void call() {
        flag.call([&] { data->mend(), data->change(); });
    }
    void call_and_be_killed(int k) {
        flag.call([&] {
            await_go();
            die_before_step(k);
            data->change();
        });
    }
    void call_and_stay_in_it() {
        flag.call([&] {
            while (!finish) std::this_thread::yield();
        });
    }
    void check() {
        call();
        EXPECT_TRUE(flag.done());
        EXPECT_TRUE(data->equal());
    }
};

TEST(KillPointsOfOnceFlag, WhileItIsCalled) {
    region_sweep<once_world> swept;
    swept.run(
        {.victim = killed_in<once_world>([](once_world& here) { here.call(); })},
        {"exchange once.word [free]", "store structure.content", "exchange once.word [ours]"});
}

TEST(KillPointsOfOnceFlag, WhileOthersSleepForItsEnd) {
    region_sweep<once_world> swept;
    swept.run({.victim =
                   [](int k) {
                       once_world here;
                       here.call_and_be_killed(k);
                       _exit(0);
                   },
               .when_ready = two_fall_asleep(swept, [](once_world& here) { here.call(); })},
              {"exchange once.word [ours, waiters]", "futex_wake once.word [done]"});
}

TEST(KillPointsOfOnceFlag, WhileItSleepsForTheEndOfAnother) {
    region_sweep<once_world> swept;
    swept.run(
        {.victim = killed_in<once_world>([](once_world& here) { here.call(); }),
         .when_ready =
             [&] {
                 swept.rest().begin_work([](once_world& here) { here.call_and_stay_in_it(); });
                 swept.rest().fall_asleep([](once_world& here) { here.call(); });
             },
         .when_asleep = [&] { swept.rest().here().finish = true; }},
        {"exchange once.word [another's, waiters]", "futex_wait once.word [another's, waiters]",
         "load once.word [done]"});
}

// ---- events -------------------------------------------------------------------------------------

template <event_reset How>
struct event_world {
    region in{swept_region, small_region};
    event flag{in, "flag", How};
    std::atomic<int> waiting{0};  // of the survivors

    void wait() {
        ++waiting;
        flag.wait();
        --waiting;
    }

    // One that was set before the death reaches those it is for without our help.
    void help() {
        const auto nobody = [&] { return waiting == 0; };
        while (!nobody()) {
            EXPECT_TRUE(eventually([&] { return nobody() || !flag.is_set(); }));
            flag.set();
        }
    }
    void check() {
        flag.set();
        flag.wait();
        flag.reset();
    }
};

using manual_event = event_world<event_reset::manual>;
using automatic_event = event_world<event_reset::automatic>;

template <class World>
class KillPointsOfEvent : public ::testing::Test {
protected:
    region_sweep<World> swept_;
};
using both_events = ::testing::Types<manual_event, automatic_event>;
TYPED_TEST_SUITE(KillPointsOfEvent, both_events);

TYPED_TEST(KillPointsOfEvent, WhileItIsSetResetAndWaitedFor) {
    this->swept_.run({.victim = killed_in<TypeParam>([](TypeParam& here) {
                          here.flag.set();
                          here.flag.wait();
                          here.flag.reset();
                          EXPECT_FALSE(here.flag.try_wait());
                          EXPECT_FALSE(here.flag.wait_for(1ms));
                      })},
                     {"exchange event.word [not set]", "futex_wait event.word [not set, waiters]"});
}

TYPED_TEST(KillPointsOfEvent, WhileItIsSetForSleepers) {
    this->swept_.run(
        {.victim = killed_in<TypeParam>([](TypeParam& here) { here.flag.set(); }),
         .when_ready = two_fall_asleep(this->swept_, [](TypeParam& here) { here.wait(); })},
        {"exchange event.word [not set, waiters]", "futex_wake event.word [set]"});
}

// The victim is to have its turn too.
template <class Rest>
std::function<void()> set_until_nobody_waits(Rest& rest) {
    return [&rest] {
        rest.here().help();
        rest.here().flag.set();
    };
}

TYPED_TEST(KillPointsOfEvent, WhileItSleeps) {
    auto& rest = this->swept_.rest();
    this->swept_.run({.victim = killed_in<TypeParam>([](TypeParam& here) { here.flag.wait(); }),
                      .when_ready = [&] { rest.fall_asleep([](TypeParam& here) { here.wait(); }); },
                      .when_asleep = set_until_nobody_waits(rest)},
                     {"exchange event.word [not set, waiters]",
                      "futex_wait event.word [not set, waiters]", "load event.word [set]"});
}

// ---- meetings -----------------------------------------------------------------------------------

/// The survivor is told of the death, and goes on with a newcomer in place of the dead one.
template <class Wait>
void wait_with_whoever_comes(Wait wait) {
    for (bool told = true; told;) {
        try {
            wait();
            told = false;
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::peer_died) << e.what();
            std::this_thread::yield();
        }
    }
}

/// As a participant of it, once a dead one is known to be dead; not where there is no place.
template <class Meeting, class... Options>
bool take_part(std::optional<Meeting>& place, const region& in, Options... options) try {
    place.emplace(in, "here", options...);
    return true;
} catch (const error& e) {
    EXPECT_EQ(e.code(), errc::limit_reached) << e.what();
    return false;
}

struct barrier_world {
    static constexpr std::uint32_t rounds = 4;

    region in{swept_region, small_region};

    void take_place(std::optional<barrier>& here) const {
        EXPECT_TRUE(eventually([&] { return take_part(here, in, 2, wait_mode::sleep); }));
    }
    // Who takes the place of a dead one may have arrived already: rounds are not ours to count.
    void meet_until(std::uint32_t round) const {
        std::optional<barrier> here;
        take_place(here);
        while (here->round() < round) {
            wait_with_whoever_comes([&] { here->arrive_and_wait(); });
        }
    }

    // Somebody takes the place of the victim, for the rounds that are left.
    void help() const { meet_until(rounds); }
    void check() { EXPECT_EQ(barrier(in, "here", 2).round(), rounds); }
};

TEST(KillPointsOfBarrier, WhileItTakesAPlaceAndMeetsOneWhoSleeps) {
    region_sweep<barrier_world> swept;
    swept.run({.victim = killed_in<barrier_world>([](barrier_world& here) { here.meet_until(1); }),
               .when_ready =
                   [&] {
                       swept.rest().fall_asleep(
                           [](barrier_world& here) { here.meet_until(here.rounds); });
                   }},
              {"exchange barrier.place", "store barrier.place", "load barrier.place",
               "exchange barrier.round [waiters]", "futex_wake barrier.round [nobody waits]"});
}

TEST(KillPointsOfBarrier, WhileItSleepsForAnother) {
    region_sweep<barrier_world> swept;
    swept.run(
        {.victim = killed_in<barrier_world>([](barrier_world& here) { here.meet_until(2); }),
         .when_asleep =
             [&] {
                 swept.rest().begin([](barrier_world& here) { here.meet_until(here.rounds); });
             }},
        {"store barrier.place", "exchange barrier.round [nobody waits]",
         "futex_wait barrier.round [waiters]"});
}

struct latch_world {
    region in{swept_region, small_region};

    bool passed() { return latch{in, "here", 1, latch_role::waits_only}.try_wait(); }
    void count_down() { latch{in, "here", 1}.count_down(); }
    bool try_count_down() {
        std::optional<latch> here;
        const bool mine = take_part(here, in, 1);
        if (mine) here->count_down();
        return mine;
    }
    void wait() {
        latch here{in, "here", 1, latch_role::waits_only, wait_mode::sleep};
        wait_with_whoever_comes([&] { here.wait(); });
    }

    // Somebody takes the place of one that died before it had counted down.
    void help() {
        EXPECT_TRUE(eventually([&] { return passed() || try_count_down(); }));
    }
    void check() {
        help();
        wait();
    }
};

TEST(KillPointsOfLatch, WhileItCountsDownForSleepers) {
    region_sweep<latch_world> swept;
    swept.run({.victim = killed_in<latch_world>([](latch_world& here) { here.count_down(); }),
               .when_ready = two_fall_asleep(swept, [](latch_world& here) { here.wait(); })},
              {"exchange latch.place", "store latch.place", "exchange latch.round [waiters]",
               "futex_wake latch.round [nobody waits]"});
}

TEST(KillPointsOfLatch, WhileItSleeps) {
    region_sweep<latch_world> swept;
    swept.run(
        {.victim = killed_in<latch_world>([](latch_world& here) { here.wait(); }),
         .when_ready = [&] { swept.rest().fall_asleep([](latch_world& here) { here.wait(); }); },
         .when_asleep = [&] { swept.rest().here().count_down(); }},
        {"futex_wait latch.round [waiters]", "load latch.round [nobody waits]"});
}

// ---- a death between the last look and the sleep ------------------------------------------------

TEST(ADeathBeforeTheSleep, IsNotMissedByWhoWaitsForANotification) {
    die_before_sleep<counter_world>([](counter_world&) {},
                                    [](counter_world& here) { here.put_one(); },
                                    [](counter_world& here) { here.take_as_survivor(); });
}

struct shared_world {
    region in{swept_region, small_region};
    shared_mutex lock{in, "lock"};
};

TEST(ADeathBeforeTheSleep, IsNotMissedByAWriterThatWaitsForReaders) {
    die_before_sleep<shared_world>([](shared_world& here) { here.lock.lock_shared(); },
                                   [](shared_world&) {},
                                   [](shared_world& here) {
                                       here.lock.lock();
                                       here.lock.unlock();
                                   });
}

struct meeting_world {
    region in{swept_region, small_region};
    std::optional<barrier> place;
};

TEST(ADeathBeforeTheSleep, IsNotMissedAtABarrier) {
    die_before_sleep<meeting_world>(
        [](meeting_world& here) { here.place.emplace(here.in, "here", 2, wait_mode::sleep); },
        [](meeting_world&) {},
        [](meeting_world& here) {
            here.place.emplace(here.in, "here", 2, wait_mode::sleep);
            EXPECT_THROW(here.place->arrive_and_wait(), error);
        });
}

}  // namespace
}  // namespace signet::tests
