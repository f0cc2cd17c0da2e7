// SPDX-License-Identifier: Apache-2.0
// A process is killed before each step of taking, holding, giving up and waiting for a lock. The
// states that must have been met are those of docs/design/regions.md (L1..L5, U1, U2).
#include "region_survivors.hpp"
#include "twins.hpp"

#include <signet/sync.hpp>

#include <chrono>
#include <mutex>
#include <shared_mutex>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;

/// Two words that are equal, but for who changes them under the lock.
template <class Lock>
struct guarded {
    region in{swept_region, small_region};
    structure<twins> data{in, "data"};
    Lock lock{in, "lock"};

    void change() {
        lock.lock();
        data->change();
        lock.unlock();
    }

    /// Who finds them different has been told.
    void tend() {
        const bool told = lock.lock_inherited();
        EXPECT_TRUE(told || data->equal());
        data->mend();
        lock.mark_consistent();
        lock.unlock();
    }

    void inherit_from_somebody_who_left() const {
        const region theirs = region::open_descriptor(in.fd());
        Lock held{theirs, "lock"};
        held.lock();
    }

    void check() {
        tend();
        change();
        EXPECT_TRUE(data->equal());
    }
};

template <class Lock>
constexpr const char* word_of_lock = "mutex.word";
template <>
constexpr const char* word_of_lock<shared_mutex> = "shared_mutex.writer";

template <class Lock>
class KillPointsOfLock : public ::testing::Test {
protected:
    static std::string exchange(const char* state) {
        return std::string{"exchange "} + word_of_lock<Lock> + state;
    }
    static std::string call(const char* name, const char* state) {
        return std::string{name} + ' ' + word_of_lock<Lock> + state;
    }

    region_sweep<guarded<Lock>> swept_;
};

template <class Lock>
class KillPointsOfTimedLock : public KillPointsOfLock<Lock> {};

using all_locks = ::testing::Types<mutex, recursive_mutex, spin_lock, shared_mutex>;
using timed_locks = ::testing::Types<mutex, recursive_mutex, shared_mutex>;
TYPED_TEST_SUITE(KillPointsOfLock, all_locks);
TYPED_TEST_SUITE(KillPointsOfTimedLock, timed_locks);

TYPED_TEST(KillPointsOfLock, WhileItIsTakenAndGivenUp) {
    using world = guarded<TypeParam>;
    this->swept_.run(
        {.victim = killed_in<world>([](world& here) {
             here.change();
             EXPECT_TRUE(here.lock.try_lock());
             here.data->change();
             here.lock.unlock();
         })},
        {this->exchange(" [free]"), this->exchange(" [ours]"), "store structure.content"});
}

TYPED_TEST(KillPointsOfLock, WhileOthersSleepForIt) {
    using world = guarded<TypeParam>;
    auto& rest = this->swept_.rest();
    this->swept_.run({.victim = killed_in<world>([](world& here) { here.lock.lock(); },
                                                 [](world& here) {
                                                     here.data->change();
                                                     here.lock.unlock();
                                                 }),
                      .when_ready =
                          [&] {
                              rest.fall_asleep([](world& here) { here.tend(); });
                              rest.fall_asleep([](world& here) { here.tend(); });
                          }},
                     {this->exchange(" [ours, waiters]"), this->call("futex_wake", " [free]")});
}

TYPED_TEST(KillPointsOfLock, WhileItSleepsForIt) {
    using world = guarded<TypeParam>;
    auto& rest = this->swept_.rest();
    this->swept_.run(
        {.victim = killed_in<world>([](world& here) { here.change(); }),
         .when_ready =
             [&] {
                 rest.here().lock.lock();
                 rest.fall_asleep([](world& here) { here.tend(); });
             },
         .when_asleep = [&] { rest.here().lock.unlock(); }},
        {this->exchange(" [another's, waiters]"), this->call("futex_wait", " [another's, waiters]"),
         "look at a byte", "store structure.content"});
}

TYPED_TEST(KillPointsOfTimedLock, WhileItGivesUpWaiting) {
    using world = guarded<TypeParam>;
    auto& rest = this->swept_.rest();
    this->swept_.run(
        {.victim = killed_in<world>([](world& here) { EXPECT_FALSE(here.lock.try_lock_for(1ms)); }),
         .when_ready =
             [&] {
                 rest.here().lock.lock();
                 rest.fall_asleep([](world& here) { here.tend(); });
             },
         .before_waking = [&] { rest.here().lock.unlock(); }},
        {this->call("futex_wait", " [another's, waiters]")});
}

TYPED_TEST(KillPointsOfLock, WhileItPutsRightWhatADeadOneLeft) {
    using world = guarded<TypeParam>;
    auto& rest = this->swept_.rest();
    this->swept_.run({.victim = killed_in<world>([](world& here) { here.tend(); }),
                      .when_ready = [&] { rest.here().inherit_from_somebody_who_left(); }},
                     {this->exchange(" [free, inherited]"), this->exchange(" [ours, inherited]")});
}

TYPED_TEST(KillPointsOfLock, WhileItsHookPutsRightWhatADeadOneLeft) {
    using world = guarded<TypeParam>;
    auto& rest = this->swept_.rest();
    this->swept_.run({.victim = killed_in<world>([](world& here) {
                          TypeParam hooked{here.in, "lock", {.repair = [&] { here.data->mend(); }}};
                          const std::lock_guard mine{hooked};
                          here.data->change();
                      }),
                      .when_ready = [&] { rest.here().inherit_from_somebody_who_left(); }},
                     {this->exchange(" [free, inherited]"), this->exchange(" [ours, inherited]")});
}

TEST(KillPointsOfRecursiveMutex, WhileItIsLockedAgain) {
    using world = guarded<recursive_mutex>;
    region_sweep<world> swept;
    swept.run({.victim = killed_in<world>([](world& here) {
                   here.lock.lock();
                   here.change();
                   here.data->change();
                   here.lock.unlock();
               })},
              {"exchange mutex.word [free]", "exchange mutex.word [ours]"});
}

// ---- a lock that is shared ----------------------------------------------------------------------

using shared_world = guarded<shared_mutex>;

void look(shared_world& here) {
    const std::shared_lock mine{here.lock};
    EXPECT_TRUE(here.data->equal());
}

TEST(KillPointsOfSharedMutex, WhileItReads) {
    region_sweep<shared_world> swept;
    swept.run({.victim = killed_in<shared_world>([](shared_world& here) {
                   look(here);
                   EXPECT_TRUE(here.lock.try_lock_shared());
                   here.lock.unlock_shared();
               })},
              {"exchange shared_mutex.readers [none]", "load shared_mutex.writer [free]",
               "exchange shared_mutex.readers [some]", "load shared_mutex.left [nobody waits]"});
}

TEST(KillPointsOfSharedMutex, WhileAWriterSleepsForItsReader) {
    region_sweep<shared_world> swept;
    swept.run(
        {.victim = killed_in<shared_world>([](shared_world& here) { here.lock.lock_shared(); },
                                           [](shared_world& here) { here.lock.unlock_shared(); }),
         .when_ready =
             [&] {
                 swept.rest().fall_asleep([](shared_world& here) { here.tend(); });
                 swept.rest().fall_asleep([](shared_world& here) { look(here); });
             }},
        {"exchange shared_mutex.readers [some]", "exchange shared_mutex.left [waiters]",
         "futex_wake shared_mutex.left [nobody waits]"});
}

TEST(KillPointsOfSharedMutex, WhileItWritesAndReadersSleep) {
    region_sweep<shared_world> swept;
    const auto read_or_tend = [](shared_world& here) {
        shared_mutex hooked{here.in, "lock", {.repair = [&] { here.data->mend(); }}};
        const std::shared_lock mine{hooked};
        EXPECT_TRUE(here.data->equal());
    };
    swept.run(
        {.victim = killed_in<shared_world>([](shared_world& here) { here.lock.lock(); },
                                           [](shared_world& here) {
                                               here.data->change();
                                               here.lock.unlock();
                                           }),
         .when_ready =
             [&] {
                 swept.rest().fall_asleep(read_or_tend);
                 swept.rest().fall_asleep(read_or_tend);
             }},
        {"exchange shared_mutex.writer [ours, waiters]", "futex_wake shared_mutex.writer [free]"});
}

TEST(KillPointsOfSharedMutex, WhileItSleepsForAReader) {
    region_sweep<shared_world> swept;
    swept.run({.victim = killed_in<shared_world>([](shared_world& here) { here.change(); }),
               .when_ready = [&] { swept.rest().here().lock.lock_shared(); },
               .when_asleep =
                   [&] {
                       swept.rest().fall_asleep([](shared_world& here) { here.tend(); });
                       swept.rest().here().lock.unlock_shared();
                   }},
              {"exchange shared_mutex.left [nobody waits]",
               "futex_wait shared_mutex.left [waiters]", "store structure.content"});
}

TEST(KillPointsOfSharedMutex, WhileItSleepsForAWriter) {
    region_sweep<shared_world> swept;
    swept.run({.victim = killed_in<shared_world>([](shared_world& here) { look(here); }),
               .when_ready =
                   [&] {
                       swept.rest().here().lock.lock();
                       swept.rest().fall_asleep([](shared_world& here) { look(here); });
                       swept.rest().fall_asleep([](shared_world& here) { here.tend(); });
                   },
               .when_asleep = [&] { swept.rest().here().lock.unlock(); }},
              {"futex_wait shared_mutex.writer [another's, waiters]",
               "exchange shared_mutex.readers [none]"});
}

}  // namespace
}  // namespace signet::tests
