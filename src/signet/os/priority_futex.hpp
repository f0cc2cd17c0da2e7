// SPDX-License-Identifier: Apache-2.0
// Sleeping on a word that says which thread has it, so that the kernel lends that thread the
// priority of the most urgent sleeper (PI futexes). The word is 0, or the number of a thread, with
// bits of the kernel above; numbers mean the same only inside one pid namespace. Any thread.
#pragma once

#include <signet/base/time.hpp>

#include <cstdint>

namespace signet::os {

/// Somebody sleeps: the word is given up by `priority_unlock` only.
inline constexpr std::uint32_t priority_waiters_bit = 0x80000000;

/// Its owner ended without giving it up; set for whoever gets it next, if he slept.
inline constexpr std::uint32_t priority_died_bit = 0x40000000;

inline constexpr std::uint32_t priority_thread_mask = 0x3fffffff;

/// What a wait came to.
enum class priority_result {
    taken,        ///< the word is the calling thread's
    timed_out,    ///< the deadline passed
    interrupted,  ///< a signal handler ran
    changed,      ///< look again: its owner is about to end, or has changed
    owner_gone,   ///< no thread has that number any more
    own,          ///< the calling thread has it already
};

/// Takes a word that somebody else has: sleeps until it is ours. Throws `error` where it is not
/// mapped, or the kernel has no such futexes with a deadline (before Linux 5.14).
priority_result priority_lock(std::uint32_t& word, deadline until);

/// Gives up a word that the calling thread has, to the most urgent sleeper. Throws `error` where it
/// does not have it.
void priority_unlock(std::uint32_t& word);

/// A number for the pid namespace of this process, to compare with that of another one. Throws
/// `error` where /proc does not tell.
std::uint64_t pid_namespace();

}  // namespace signet::os
