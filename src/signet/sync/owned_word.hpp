// SPDX-License-Identifier: Apache-2.0
// The word behind every lock of a region: the stamp of its owner, whether somebody sleeps, and
// whether the last owner died. The protocol: L1..L5 and U1, U2 of docs/design/regions.md.
//
// Thread safety: any thread of any process. Invariants:
//   1. Who owns the word is decided by one compare-and-swap, from nobody or from a dead owner.
//   2. Once somebody sleeps on it, whoever gives it up finds the bit `waiters` and wakes one, or is
//      dead; and after a death all are woken.
//   3. The bit `inherited` is set whenever the word passes on from a dead owner, and stays until an
//      owner says that all is well.
#pragma once

#include <signet/sync/region_core.hpp>
#include <signet/sync/sleeper.hpp>

#include <cstdint>

namespace signet::sync {

/// What an attempt to own a word came to.
enum class ownership {
    none,       ///< somebody else has it
    clean,      ///< it is ours
    inherited,  ///< it is ours; an owner before us died, and nobody has said since that all is well
};

/// The state of the guarded when an owner gives it up.
enum class left_as {
    consistent,
    found,  ///< as we got it: still inherited if it was
};

using lock_word = memory::shared_word<std::uint32_t>;

class owned_word {
public:
    owned_word(const region_core& in, lock_word& word) noexcept
        : in_{&in}, word_{&word}, ours_{in.self().bits()} {}

    /// At once; makes no system call.
    ownership try_take() noexcept {
        std::uint32_t seen = 0;
        // L1. Release, too: who finds the stamp finds our seat active. SYNC lock, SYNC stamp
        if (word_->compare_exchange(seen, ours_, std::memory_order_acq_rel)) {
            return ownership::clean;
        }
        return memory::stamp::of(seen).nobody() ? take_from(seen, 0) : ownership::none;
    }

    /// Waits for it. `none`: the patience ended.
    ownership take(const patience& limit) {
        const ownership at_once = try_take();
        return at_once != ownership::none ? at_once : take_slowly(limit);
    }

    /// Gives it up; the caller owns it. Wakes one who sleeps, with one system call.
    void give_up(left_as how) noexcept {
        std::uint32_t seen = ours_;
        if (word_->compare_exchange(seen, 0, std::memory_order_release)) return;  // U1. SYNC lock
        give_up_slowly(seen, how);
    }

    /// Whose it is now.
    memory::stamp owner() const noexcept {
        // relaxed: a look, which orders nothing
        return memory::stamp::of(word_->load(std::memory_order_relaxed));
    }

    // For other ways to wait for it.

    /// Looks for a while; true: nobody has it. `seen` is the word.
    bool spin_until_free(std::uint32_t& seen);

    /// Sleeps while the word is `seen`, and lets whoever changes it know. False: it has changed.
    bool sleep(sleeper& waiting, std::uint32_t seen);

    /// For who slept and gives up waiting: it may have been woken in place of another.
    void pass_on() noexcept;

    /// Takes it back from a dead owner, and wakes all that sleep, whatever the word says: W2, W3.
    static void take_back(lock_word& word, memory::stamp dead) noexcept;

private:
    ownership take_slowly(const patience& limit);
    ownership take_from(std::uint32_t seen, std::uint32_t bits) noexcept;
    void give_up_slowly(std::uint32_t seen, left_as how) noexcept;

    const region_core* in_;
    lock_word* word_;
    std::uint32_t ours_;  ///< our stamp: the same as long as the region is open
};

}  // namespace signet::sync
