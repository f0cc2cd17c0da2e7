// SPDX-License-Identifier: Apache-2.0
// The word of a mutex whose holder is lent the priority of those who wait for it. The kernel sees
// to that, and so it decides what one half of the word says: which thread has it
// (os/priority_futex.hpp). The other half is ours: the stamp of the owner's process, which proves a
// death that the number of a thread cannot prove.
//
//     | stamp: 32 | waiters: 1 | died: 1 | thread: 30 |
//
// Thread safety: any thread of any process of one pid namespace. Invariants:
//   1. Where nobody sleeps, both halves change together, by one compare-and-swap.
//   2. A word with a bit of the kernel in it is passed on by the kernel alone.
//   3. While the stamp is not that of the thread's process, it is 0 or there is a bit of the
//   kernel.
// Where an owner dies: the kernel wakes who sleeps, with `died`. Who comes later finds a dead
// stamp and takes the word over, or no stamp, and is told by the kernel that there is no such
// thread.
#pragma once

#include <signet/sync/owned_word.hpp>

#include <cstdint>

namespace signet::sync {

class priority_word {
public:
    struct words {
        memory::shared_word<std::uint64_t> word;
        memory::shared_word<std::uint64_t> inherited;  ///< not 0: so it is; written by the owner
        memory::shared_word<std::uint64_t> pid_namespace;
    };

    /// Throws `error` (unsupported) where the word was made in another pid namespace.
    priority_word(const region_core& in, words& shared, std::string_view name);

    /// As those of `owned_word`.
    ownership try_take();
    ownership take(const patience& limit);
    void give_up(left_as how) noexcept;

private:
    std::uint64_t ours() const noexcept;
    ownership take_over(std::uint64_t seen);
    ownership take_from_nobody() noexcept;
    std::uint32_t complain_of(std::uint32_t stranger) const;
    bool is_one_of_us(std::uint32_t thread) const;
    ownership note_taken(bool inherited) noexcept;
    ownership note_given() noexcept;
    std::uint32_t& thread_half() const noexcept;

    const region_core* in_;
    words* words_;
};

}  // namespace signet::sync
