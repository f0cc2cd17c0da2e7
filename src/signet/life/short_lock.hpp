// SPDX-License-Identifier: Apache-2.0
// A mutex for what is held for a few instructions, many times for each message: where nobody else
// wants it, taking it is one exchange, and giving it back a store and a load, in line. Who finds it
// taken pays for both sides: it says that it waits, has the kernel put a fence into all threads
// (os/membarrier.hpp), looks once more, and sleeps. Where the kernel has no such fence, whoever
// gives it back fences. For std::lock_guard and std::unique_lock.
//
// Thread safety: any thread. It lasts until each unlock() has returned. Invariants:
// 1. Of one who gives it back and one who is about to sleep at least one sees the other: the one
//    that `sleepers_` is not 0, or the other that the word is free.
// 2. Whoever sleeps is counted until it has the lock; so who gives it back wakes one as long as
//    there are any, also after another one was faster.
#pragma once

#include <signet/life/bell.hpp>
#include <signet/memory/access.hpp>

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
        word_.store(is_free, std::memory_order_release);  // SYNC short-lock
        if (fencing_ == fence_mode::on_demand) {
            memory::compiler_fence();
        } else {
            memory::fence(std::memory_order_seq_cst);  // SYNC short-lock
        }
        // relaxed: ordered by the fence
        if (sleepers_.load(std::memory_order_relaxed) != 0) wake_one();
    }

private:
    static constexpr std::uint32_t is_free = 0;
    static constexpr std::uint32_t is_taken = 1;

    void lock_slowly() noexcept;
    bool spin() noexcept;
    void wake_one() noexcept;

    std::atomic<std::uint32_t> word_{is_free};
    std::atomic<std::uint32_t> sleepers_{0};
    const fence_mode fencing_ = usual_fencing();
};

}  // namespace signet::life
