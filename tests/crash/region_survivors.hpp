// SPDX-License-Identifier: Apache-2.0
// Those who survive a sweep in a region: this process, which has the region open, and its threads
// that slept in it when the victim died. After each death they must get on, every byte of the
// region is accounted for, and every seat can be taken. Each victim dies in a region of its own.
// For the one thread of a test.
//
// A `World` is what a process has open: it has a region `in`, is made by victim and survivors
// alike, and says by `check()` what must hold after a death. Where sleepers need more than that
// death, `help()` gives it to them, after it has seen that they get what is theirs already.
#pragma once

#include "../actors/actor.hpp"
#include "kill_point.hpp"
#include "last_words.hpp"
#include "sleepy_thread.hpp"
#include "sweep.hpp"

#include <signet/region.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>

namespace signet::tests {

inline constexpr const char* swept_region = "swept";
inline const region_options small_region{.bytes = 64 * 1024, .seats = 4, .objects = 8};

/// Every block that was given out belongs to an object of the directory, or to the arena of one.
void expect_all_accounted(const region& in);

/// How many blocks the structure of that name has allocated.
std::uint64_t blocks_allocated_for(const region& in, std::string_view structure);

/// As many processes can open it as it has seats, besides those who have.
void expect_all_seats(const region& in);

/// Those who sit, the dead too where nobody has swept their seats.
std::size_t seats_taken(const region& in);

/// How many slept when a victim died, and how long the slowest took to come to an end then.
struct wake_count {
    int woken = 0;
    std::chrono::microseconds longest{0};

    std::string text() const;
};

/// Makes what follows possible. To be called before this process opens a region, or has threads.
void watch_sleeps();

/// A thread that makes one of these sleeps in regions until somebody wakes it: it does not look for
/// itself from time to time (`recheck`), so what did not wake it is found out.
class trusting_sleeper {
public:
    trusting_sleeper();
    ~trusting_sleeper();
    trusting_sleeper(const trusting_sleeper&) = delete;
    trusting_sleeper& operator=(const trusting_sleeper&) = delete;
};

/// Has the calling thread do this when it is about to sleep the next time, and has seen that it
/// must.
void before_next_sleep(std::function<void()> act);

template <class World>
class region_survivors {
public:
    region_survivors() {
        watch_sleeps();
        begin();
        here_.reset();
        descriptors_ = testing::open_descriptors();
    }
    ~region_survivors() { end(); }

    region_survivors(const region_survivors&) = delete;
    region_survivors& operator=(const region_survivors&) = delete;

    void watch_victim() const { watch_steps({}); }

    /// Before each kill: everything is new.
    void begin() {
        end();
        here_.emplace();
    }

    World& here() noexcept { return *here_; }

    /// Somebody begins to do what they sleep in, until the victim dies or does its part.
    template <class Body>
    void fall_asleep(Body body) {
        const sleepy_thread& one = begin(body);
        EXPECT_TRUE(eventually([&] { return one.asleep() || one.done(); }));
    }

    /// The same for one that may be told of the death at once.
    template <class Body>
    sleepy_thread& begin(Body body) {
        return sleepers_.emplace_back([this, body](const std::stop_token&) {
            const trusting_sleeper trusts;
            try {
                body(*here_);
            } catch (const std::exception& e) {
                ADD_FAILURE() << "a sleeper: " << e.what();
            }
        });
    }

    /// Somebody begins with what does not end by itself, and is no sleeper.
    template <class Body>
    void begin_work(Body body) {
        worker_.emplace([this, body](const std::stop_token&) { body(*here_); });
    }

    void pump() noexcept {}

    /// The victim has ended: they all come to an end too.
    void wake_sleepers() {
        const auto since = clock::now();
        if (sleepers_.empty()) return worker_.reset();
        if constexpr (requires(World& world) { world.help(); }) here_->help();
        for (const sleepy_thread& one : sleepers_) {
            if (eventually([&] { return one.done(); })) continue;
            ADD_FAILURE() << "nobody wakes a sleeper; killed before "
                          << shared_last_words().state.data();
            _exit(1);  // it sleeps for ever
        }
        note_wakes(std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - since));
        sleepers_.clear();
        worker_.reset();
    }

    void settle(pid_t, bool joined) {
        if (joined) {
            EXPECT_TRUE(eventually([&] { return seats_taken(here_->in) == 1; })) << "not swept";
        }
        expect_all_seats(here_->in);
        EXPECT_EQ(seats_taken(here_->in), 1u);
        expect_all_accounted(here_->in);
    }

    void check(pid_t, bool) {
        here_->check();
        expect_all_accounted(here_->in);
        end();
        EXPECT_EQ(testing::open_descriptors(), descriptors_);
    }

    std::string summary() const { return wakes_.text(); }

private:
    void end() {
        here_.reset();
        region::remove(swept_region);
    }

    void note_wakes(std::chrono::microseconds time) {
        wakes_.woken += static_cast<int>(sleepers_.size());
        wakes_.longest = std::max(wakes_.longest, time);
    }

    own_rendezvous place_;
    std::optional<World> here_;
    int descriptors_ = 0;
    wake_count wakes_;
    std::list<sleepy_thread> sleepers_;
    std::optional<sleepy_thread> worker_;
};

template <class World>
using region_sweep = kill_sweep<region_survivors<World>>;

/// The victim's part in its own words: the process dies before step `k` of `act`, or behind it.
template <class Act>
[[noreturn]] void die_within(int k, Act&& act) {
    die_before_step(k);
    act();
    _exit(::testing::Test::HasFailure() ? 1 : 0);
}

/// Somebody does `before`, then `last_act`, and dies, at the moment when a survivor has seen that
/// it must sleep in `body`, and is about to. That one is not left asleep.
template <class World>
void die_before_sleep(const std::function<void(World&)>& before,
                      const std::function<void(World&)>& last_act,
                      const std::function<void(World&)>& body) {
    region_survivors<World> rest;
    rest.begin();
    last_words& words = shared_last_words();
    words.clear();
    testing::forked_peer victim{[&] {
        World here;
        before(here);
        await_go();
        last_act(here);
        _exit(0);
        return 0;
    }};
    EXPECT_TRUE(eventually([&] { return words.ready.load(); }));
    std::atomic<bool> swept{false};
    rest.fall_asleep([&](World& here) {
        before_next_sleep([&] {
            words.go = true;
            victim.exit_code();
            EXPECT_TRUE(eventually([&] { return seats_taken(here.in) == 1; }));
            swept = true;
        });
        body(here);
    });
    EXPECT_TRUE(eventually([&] { return swept.load(); }));
    rest.wake_sleepers();
}

/// What happens before a victim is told to go: two others fall asleep.
template <class World, class Body>
std::function<void()> two_fall_asleep(region_sweep<World>& swept, Body body) {
    return [&swept, body] {
        swept.rest().fall_asleep(body);
        swept.rest().fall_asleep(body);
    };
}

/// A victim that opens the world and is killed in `act`.
template <class World>
std::function<void(int)> killed_in(const std::function<void(World&)>& act) {
    return [act](int k) {
        World here;
        await_go();
        die_within(k, [&] { act(here); });
    };
}

/// The same for one that does something else before.
template <class World>
std::function<void(int)> killed_in(const std::function<void(World&)>& before,
                                   const std::function<void(World&)>& act) {
    return [before, act](int k) {
        World here;
        before(here);
        await_go();
        die_within(k, [&] { act(here); });
    };
}

}  // namespace signet::tests
