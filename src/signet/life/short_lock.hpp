// SPDX-License-Identifier: Apache-2.0
// A mutex for what is held for a few instructions, many times for each message: where nobody else
// wants it, taking it is one exchange and giving it back another, in line. Who finds it taken
// sleeps in the kernel. For std::lock_guard and std::unique_lock.
//
// Thread safety: any thread. Invariants:
// 1. The word is 2 whenever somebody sleeps, or is about to; so who gives it back knows.
#pragma once

#include <atomic>
#include <cstdint>

namespace signet::life {

class short_lock {
public:
    void lock() noexcept {
        if (!try_lock()) lock_slowly();
    }

    bool try_lock() noexcept {
        std::uint32_t expected = is_free;
        return word_.compare_exchange_strong(expected, is_taken,
                                             std::memory_order_acquire,   // SYNC short-lock
                                             std::memory_order_relaxed);  // relaxed: not taken
    }

    void unlock() noexcept {
        // SYNC short-lock; seq_cst: it is given back before it is looked for who sleeps
        const std::uint32_t was = word_.exchange(is_free, std::memory_order_seq_cst);
        if (was == is_wanted) word_.notify_one();
    }

private:
    static constexpr std::uint32_t is_free = 0;
    static constexpr std::uint32_t is_taken = 1;
    static constexpr std::uint32_t is_wanted = 2;

    // Whoever comes this way takes it as one that is wanted: others may sleep still.
    void lock_slowly() noexcept;

    std::atomic<std::uint32_t> word_{is_free};
};

}  // namespace signet::life
