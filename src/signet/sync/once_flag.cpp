// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/once_flag.hpp>

#include <climits>

namespace signet::sync {

using memory::stamp;
using memory::waiters_bit;

once_flag::once_flag(const region& in, std::string_view name)
    : once_flag{in.core(), *in.core()->words_of<lock_word>(
                               {.kind = memory::object_kind::once_flag, .name = name})} {}

// True: it is ours to do. False: somebody has done it.
bool once_flag::begin() {
    in_->check_process();
    sleeper waiting{{}};
    std::uint32_t seen = word_->load(std::memory_order_acquire);  // SYNC once
    while (seen != all_done) {
        const stamp owner = stamp::of(seen);
        if (owner.nobody() || in_->dead(owner)) {
            const std::uint32_t ours = in_->self().bits() | (seen & waiters_bit);
            // SYNC once, SYNC stamp
            if (word_->compare_exchange(seen, ours, std::memory_order_acq_rel)) return true;
            continue;
        }
        const std::uint32_t armed = seen | waiters_bit;
        // relaxed: nothing is published, and the kernel looks at the word again
        if (word_->compare_exchange(seen, armed, std::memory_order_relaxed)) {
            waiting.sleep(*word_, armed);
        }
        seen = word_->load(std::memory_order_acquire);  // SYNC once
    }
    return false;
}

void once_flag::end(std::uint32_t state) noexcept {
    if (!in_->here()) return;  // a forked child has no such memory
    if (word_->exchange(state, std::memory_order_acq_rel) >= waiters_bit) {  // SYNC once
        wake(*word_, INT_MAX);
    }
}

void once_flag::take_back(lock_word& word, stamp dead) noexcept {
    // relaxed: the exchange orders
    std::uint32_t seen = word.load(std::memory_order_relaxed);
    while (stamp::of(seen) == dead) {
        if (word.compare_exchange(seen, nothing, std::memory_order_acq_rel)) break;  // SYNC once
    }
    wake(word, INT_MAX);
}

}  // namespace signet::sync
