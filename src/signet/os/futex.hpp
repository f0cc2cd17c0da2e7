// SPDX-License-Identifier: Apache-2.0
// Sleeping on a 32-bit word until somebody wakes it. A wake-up is a hint: whoever was woken looks
// at its condition again. Words are shared between processes unless a name says private; a
// read-only mapping is enough to wait, and to wake. Any thread.
#pragma once

#include <signet/base/time.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace signet::os {

/// Why a wait ended. After each of these the caller looks at its condition again.
enum class futex_result {
    woken,        ///< somebody woke this word, on purpose or for an earlier user of it
    changed,      ///< a word was not as expected, so there was no sleep
    timed_out,    ///< the deadline passed
    interrupted,  ///< a signal handler ran; not hidden, for its handler may have set a stop flag
};

/// A word to sleep on, among others.
struct futex_waiter {
    const std::uint32_t* word = nullptr;
    std::uint32_t expected = 0;
    bool process_private = false;  ///< woken by `futex_wake_private` only
};

/// The most words one wait may watch.
inline constexpr std::size_t futex_waiters_max = 128;

/// Sleeps while `word` holds `expected`. Throws `error` where the word is not mapped.
futex_result futex_wait(const std::uint32_t& word, std::uint32_t expected, deadline until);

/// The same on a word of this process alone, woken by `futex_wake_private`.
futex_result futex_wait_private(const std::uint32_t& word, std::uint32_t expected, deadline until);

/// Sleeps while each word holds what it is expected to. No word, or more than `futex_waiters_max`,
/// is a contract_violation. Throws `error` where a word is not mapped.
futex_result futex_wait_any(std::span<const futex_waiter> waiters, deadline until);

/// Wakes up to `count_max` sleepers, in any process; returns how many. Throws `error` where the
/// word is not mapped.
int futex_wake(const std::uint32_t& word, int count_max);

/// The same for sleepers of this process whose waiter says `process_private`.
int futex_wake_private(const std::uint32_t& word, int count_max);

}  // namespace signet::os
