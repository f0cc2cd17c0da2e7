// SPDX-License-Identifier: Apache-2.0
// A meeting of a fixed number of participants, in rounds (`barrier`) or once (`latch`). Each has a
// place, with its stamp in it, so that all are told when one of those they wait for has died, and
// which. Whoever comes after that takes the place of a dead one, and the round goes on.
//
// Protocol: a place is one word: how many rounds its owner has arrived in, and its stamp. Who
// arrives writes its place, then looks at all of them: who finds that all have arrived ends the
// round, by one compare-and-swap. Each does the first before the second in one order for all
// (seq_cst), so the last one to arrive finds all others there.
//
// Thread safety: any thread of any process; an object is a participant, used by one thread at a
// time. No system call is made where nobody sleeps. How long who waits looks before it sleeps is
// what its `wait_mode` says; one that polls notices a death within milliseconds.
#pragma once

#include <signet/life/waiting.hpp>
#include <signet/memory/region_layout.hpp>
#include <signet/sync/region.hpp>
#include <signet/sync/sleeper.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace signet::sync {

/// The words of a barrier or latch, and one participant's place in it.
class meeting {
public:
    static constexpr std::uint32_t participants_max = 4096;

    /// Finds the object in the region, or makes it.
    meeting(const region& in, memory::object_kind kind, std::string_view name,
            std::uint32_t participants, life::wait_mode waiting);

    meeting(const meeting&) = delete;
    meeting& operator=(const meeting&) = delete;

    /// Takes a place that nobody has, or the place of a dead one, but not of one that has counted
    /// down a latch. Throws `error` (limit_reached) where there is none.
    void join();

    /// Gives the place up: it counts as not arrived until somebody takes it.
    void leave() noexcept;

    std::uint32_t round() const;

    /// Notes that we are here in this round, and ends the round where all are. Does nothing more
    /// the second time.
    std::uint32_t arrive();

    /// Waits for the end of `round`. False: the patience ended. Throws `error` (peer_died) where a
    /// participant died that has not arrived.
    bool wait(std::uint32_t round, const patience& limit);

    /// W2 and W3 for the object at `where`.
    static void take_back(std::byte* where, std::uint64_t bytes, memory::stamp dead) noexcept;

    const std::string& name() const noexcept { return name_; }

private:
    /// One participant.
    ///     +0   word u64    | check: 8 | rounds arrived in: 24 | unused: 2 | stamp: 30 |
    ///                      `check` is the exclusive or of the other bytes
    ///     +8   pid u32     for people; written by who has the place
    struct place {
        memory::shared_word<std::uint64_t> word;
        memory::shared_word<std::uint32_t> pid;
        std::byte reserved[4];
    };

    /// The first places lie in the line of the round: two participants exchange one line.
    struct words {
        /// rounds that have ended << 8 | deaths << 1 | somebody sleeps
        memory::shared_word<std::uint32_t> round;
        std::byte reserved[12];
        place places[1];  ///< as many as participants
    };

    bool try_join(place& at);
    bool is_vacant(std::uint64_t word) const;
    bool all_arrived(std::uint32_t round) const noexcept;
    void end(std::uint32_t round) noexcept;
    bool is_missing(const place& at, std::uint32_t round) const;
    bool is_damaged(const place& at) const noexcept;
    bool look_for_end(std::uint32_t round, deadline until);
    void sleep(std::uint32_t round, sleeper& waiting);
    bool is_anybody_missing(std::uint32_t round) const;
    void complain_of_dead(std::uint32_t round) const;
    static void rouse(memory::shared_word<std::uint32_t>& round) noexcept;

    std::shared_ptr<region_core> in_;
    std::string name_;
    bool once_;
    std::uint32_t count_;
    words* words_;
    place* own_ = nullptr;
    life::wait_mode mode_;
    life::spinner spinner_;
};

class barrier {
public:
    /// Finds it in the region, or makes it for so many participants, and takes a place: where it is
    /// that of a dead one that had arrived, we have arrived in this round as well. Throws `error`:
    /// made for another number, all places taken (limit_reached), and as `mutex` does.
    barrier(const region& in, std::string_view name, std::uint32_t participants,
            life::wait_mode waiting = life::wait_mode::adaptive);

    /// Gives the place up; the others wait until somebody takes it.
    ~barrier() { meeting_.leave(); }

    /// Arrives, and waits until all have. Throws `error` (peer_died) where one that has not arrived
    /// has died; our own arrival counts all the same, and to call it again goes on waiting.
    void arrive_and_wait() { arrive_and_wait_within({}); }

    /// False when the time has passed, or where a stop was asked for; our arrival counts, and the
    /// next call goes on waiting for the same round, though it may have ended meanwhile.
    bool arrive_and_wait_until(deadline until) { return arrive_and_wait_within({.until = until}); }
    template <class Rep, class Period>
    bool arrive_and_wait_for(std::chrono::duration<Rep, Period> limit) {
        return arrive_and_wait_until(after(std::chrono::ceil<std::chrono::nanoseconds>(limit)));
    }
    bool arrive_and_wait(std::stop_token stop) {
        return arrive_and_wait_within({.stop = std::move(stop)});
    }

    /// Rounds that have ended.
    std::uint32_t round() const { return meeting_.round(); }

private:
    bool arrive_and_wait_within(const patience& limit) {
        if (!pending_) pending_ = meeting_.arrive();
        if (!meeting_.wait(*pending_, limit)) return false;
        pending_.reset();
        return true;
    }

    meeting meeting_;
    std::optional<std::uint32_t> pending_;  ///< the round we arrived in, until we see its end
};

/// Who has a part in a latch.
enum class latch_role {
    counts_down,  ///< the latch waits for it
    waits_only,
};

class latch {
public:
    /// Finds it in the region, or makes it for so many that count down. Throws as `barrier` does.
    latch(const region& in, std::string_view name, std::uint32_t participants,
          latch_role role = latch_role::counts_down,
          life::wait_mode waiting = life::wait_mode::adaptive);

    /// Where we have not counted down, the place is free for another one.
    ~latch();

    /// Says that we are through; at most once counts.
    void count_down();

    /// Waits until all have counted down. Throws `error` (peer_died) where one died that had not.
    void wait() { meeting_.wait(0, {}); }
    bool try_wait() const { return meeting_.round() != 0; }
    bool wait_until(deadline until) { return meeting_.wait(0, {.until = until}); }
    template <class Rep, class Period>
    bool wait_for(std::chrono::duration<Rep, Period> limit) {
        return wait_until(after(std::chrono::ceil<std::chrono::nanoseconds>(limit)));
    }
    bool wait(std::stop_token stop) { return meeting_.wait(0, {.stop = std::move(stop)}); }

    void arrive_and_wait() {
        count_down();
        wait();
    }

private:
    meeting meeting_;
    latch_role role_;
    bool counted_ = false;
};

}  // namespace signet::sync
