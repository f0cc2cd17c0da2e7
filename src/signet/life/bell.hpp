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

/// Whether both sides of a bell can rely on membarrier; decided when they meet.
enum class fence_mode {
    on_demand,  ///< sleepers make a barrier, ringers fence only while somebody sleeps now and then
    always,     ///< ringers fence after each commit
};

inline constexpr std::uint32_t bell_armed = 1;
inline constexpr std::uint32_t bell_armed_fd = 2;
inline constexpr std::uint32_t bell_fencing = 4;
inline constexpr std::uint32_t bell_generation = 8;  ///< one step of the generation

/// Prepares fresh words; in `always` mode they are born with fencing set for good.
void init_bell(memory::bell_words& words, fence_mode mode);

/// The committing side.
class bell_ringer {
public:
    /// `event` (may be null) is what sleepers with a descriptor watch. Both outlive this.
    bell_ringer(memory::bell_words& words, const os::descriptor* event, fence_mode mode) noexcept
        : words_{&words}, event_{event}, mode_{mode} {}

    /// Call after each commit. Wakes whoever armed before it saw the commit; makes a system call
    /// only then. Never blocks.
    void notify() {
        memory::compiler_fence();
        // N1. relaxed: ordered by the sleeper's barrier, or by the fence of the slow path
        const std::uint32_t word = words_->word.load(std::memory_order_relaxed);
        if ((word & (bell_armed | bell_armed_fd | bell_fencing)) != 0) notify_slowly();
    }

    /// Wakes everybody, whether they asked for it or not.
    void ring();

private:
    void notify_slowly();
    void stop_fencing();

    memory::bell_words* words_;
    const os::descriptor* event_;
    fence_mode mode_;
    std::uint32_t quiet_ = 0;  ///< notifications in a row that found nobody
};

/// The waiting side.
class bell_sleeper {
public:
    bell_sleeper(memory::bell_words& words, fence_mode mode) noexcept
        : words_{&words}, mode_{mode} {}

    /// S1..S3. After this, look once more; then wait for the returned word to change.
    os::futex_waiter arm();

    /// The same for a wait on the bell's event.
    void arm_event();

private:
    void arm_with(std::uint32_t bit);

    memory::bell_words* words_;
    fence_mode mode_;
    std::optional<std::uint32_t> confirmed_;  ///< the generation this sleeper made its barrier in
};

}  // namespace signet::life
