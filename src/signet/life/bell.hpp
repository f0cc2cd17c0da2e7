// SPDX-License-Identifier: Apache-2.0
// Who sleeps, and how to wake them without asking the kernel when nobody does. The protocol, why no
// wake-up is lost, and what a death at each step leaves: docs/design/bells.md; N1..N4 and S1..S5
// are the steps there.
//
// Thread safety: a ringer belongs to one thread at a time, so does a sleeper. The words are hints
// that every process of the trust group may write: a forged one costs time, never correctness.
#pragma once

#include <signet/memory/topic_layout.hpp>
#include <signet/os/event.hpp>
#include <signet/os/futex.hpp>

#include <cstdint>
#include <optional>

namespace signet::life {

/// Whether a side of a bell can rely on membarrier.
enum class fence_mode {
    on_demand,  ///< a sleeper makes a barrier; a ringer fences only while somebody sleeps now and
                ///< then
    always,     ///< a sleeper makes none, and a ringer fences after each commit
};

/// on_demand where this process can make barriers and has registered for those of others.
fence_mode fencing_of_this_process();

/// What that said the first time, without a system call.
fence_mode usual_fencing();

/// Who takes the mark of a sleeper away. Where there are several ringers, one that is stopped after
/// it took the mark would keep the others from ringing; so there the sleeper does it.
enum class clearing { by_ringer, by_sleeper };

inline constexpr std::uint32_t bell_armed = 1;
inline constexpr std::uint32_t bell_armed_fd = 2;
inline constexpr std::uint32_t bell_fencing = 4;
inline constexpr std::uint32_t bell_sticky = 8;       ///< fencing stays for good
inline constexpr std::uint32_t bell_generation = 16;  ///< one step of the generation
inline constexpr std::uint32_t bell_on_board = 1u << 31;
inline constexpr std::uint32_t bell_marks = bell_armed | bell_armed_fd | bell_on_board;

class board_ringer;

/// Has all ringers of the bell fence for good, for sleepers that cannot make a barrier. Where
/// ringers may be ringing already, a barrier that reaches them must follow.
void always_fence(memory::bell_words& words);

/// The committing side.
class bell_ringer {
public:
    /// `event` (may be null) is what sleepers with a descriptor watch; `board` (likewise) is where
    /// those are told who wait for many. All outlive this.
    bell_ringer(memory::bell_words& words, const os::descriptor* event, fence_mode mode,
                clearing clears, const board_ringer* board = nullptr) noexcept
        : words_{&words}, event_{event}, board_{board}, mode_{mode}, clears_{clears} {}

    /// Call after each commit. Wakes whoever armed before it saw the commit; makes a system call
    /// only then. Never blocks.
    void notify() {
        memory::compiler_fence();
        // N1. relaxed: ordered by the sleeper's barrier, or by the fence of the slow path
        const std::uint32_t word = words_->word.load(std::memory_order_relaxed);
        const bool asked = (word & (bell_marks | bell_fencing)) != 0;
        if (asked || mode_ == fence_mode::always) notify_slowly();
    }

    /// Wakes everybody, whether they asked for it or not.
    void ring();

private:
    void notify_slowly();
    void stop_fencing();
    std::uint32_t take_mark();

    memory::bell_words* words_;
    const os::descriptor* event_;
    const board_ringer* board_;
    fence_mode mode_;
    clearing clears_;
    std::uint32_t quiet_ = 0;  ///< notifications in a row that found nobody
};

/// The waiting side.
class bell_sleeper {
public:
    /// `mode` is on_demand only where this process and all ringers can rely on membarrier.
    bell_sleeper(memory::bell_words& words, fence_mode mode) noexcept
        : words_{&words}, mode_{mode} {}

    /// S1..S3. After this, look once more; then wait for the returned word to change.
    os::futex_waiter arm();

    /// The same for a wait on the bell's event.
    void arm_event();

    /// The same for who waits for many, and is told by a mark of its board; until the next ring.
    void arm_on_board(std::uint32_t mark);

    /// Ends the wait of whoever sleeps on this bell; any thread. They look again, and find nothing
    /// new or what this is about.
    void nudge();

    /// Takes the mark away after the wait, where ringers do not.
    void disarm();

private:
    void arm_with(std::uint32_t bit);

    memory::bell_words* words_;
    fence_mode mode_;
    std::optional<std::uint32_t> confirmed_;  ///< the generation this sleeper made its barrier in
};

}  // namespace signet::life
