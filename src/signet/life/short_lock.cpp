// SPDX-License-Identifier: Apache-2.0
#include <signet/life/short_lock.hpp>

#include <signet/base/error.hpp>
#include <signet/base/time.hpp>
#include <signet/os/cpu.hpp>
#include <signet/os/futex.hpp>
#include <signet/os/membarrier.hpp>

#include <chrono>

namespace signet::life {
namespace {

/// Longer than it is held by who runs: then its holder was put aside.
constexpr int looks_max = 100;

/// The kernel made barriers once and refuses them now (a filter of system calls): nobody can be
/// sure to be seen, and looks again.
constexpr std::chrono::milliseconds unseen_nap{1};

bool fence_all() noexcept try {
    os::membarrier_this_process();
    return true;
} catch (const error&) {
    return false;
}

bool others_run() noexcept try { return os::cpu_count() > 1; } catch (const error&) {
    return false;
}

// Whatever ends it, the lock is looked at again.
void sleep_while(const std::uint32_t& word, std::uint32_t expected, deadline until) noexcept try {
    os::futex_wait_private(word, expected, until);
} catch (const error&) {
    // the word is ours and mapped: nothing here fails
}

}  // namespace

bool short_lock::spin() noexcept {
    static const bool pays_off = others_run();
    for (int left = pays_off ? looks_max : 0; left != 0; --left) {
        memory::relax_cpu();
        // relaxed: a hint
        if (word_.load(std::memory_order_relaxed) == is_free && try_lock()) return true;
    }
    return false;
}

// The kernel compares the word once more, behind a barrier of its own.
void short_lock::lock_slowly() noexcept {
    if (spin()) return;
    sleepers_.fetch_add(1, std::memory_order_seq_cst);  // SYNC short-lock
    const bool seen = fencing_ == fence_mode::always || fence_all();
    const auto& word = reinterpret_cast<const std::uint32_t&>(word_);
    while (!try_lock()) sleep_while(word, is_taken, seen ? never : after(unseen_nap));
    sleepers_.fetch_sub(1, std::memory_order_relaxed);  // relaxed: too many only wakes once more
}

void short_lock::wake_one() noexcept {
    os::futex_wake_private(reinterpret_cast<const std::uint32_t&>(word_), 1);
}

}  // namespace signet::life
