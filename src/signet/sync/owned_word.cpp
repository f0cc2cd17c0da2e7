// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/owned_word.hpp>

#include <climits>

namespace signet::sync {
namespace {

using memory::inherited_bit;
using memory::stamp;
using memory::waiters_bit;

}  // namespace

// From nobody, or from the dead, whose stamp `seen` bears. `bits`: what to add.
ownership owned_word::take_from(std::uint32_t seen, std::uint32_t bits) noexcept {
    const std::uint32_t kept = (seen & (inherited_bit | waiters_bit)) | bits;
    const std::uint32_t ours = ours_ | kept;
    // SYNC lock, SYNC stamp
    if (!word_->compare_exchange(seen, ours, std::memory_order_acq_rel)) return ownership::none;
    return (kept & inherited_bit) != 0 ? ownership::inherited : ownership::clean;
}

ownership owned_word::take_slowly(const patience& limit) {
    sleeper waiting{limit};
    std::uint32_t slept = 0;  // who has slept cannot know whether others still do
    for (;;) {
        std::uint32_t seen = 0;
        if (spin_until_free(seen)) {
            const ownership got = take_from(seen, slept);  // L1
            if (got != ownership::none) return got;
            continue;
        }
        if (in_->dead(stamp::of(seen))) {  // L2
            const ownership got = take_from(seen, slept | inherited_bit);
            if (got != ownership::none) return got;
            continue;
        }
        if (waiting.over()) {
            if (slept != 0) pass_on();
            return ownership::none;
        }
        if (sleep(waiting, seen)) slept = waiters_bit;
    }
}

bool owned_word::sleep(sleeper& waiting, std::uint32_t seen) {
    const std::uint32_t armed = seen | waiters_bit;
    // L3. relaxed: nothing is published, and the kernel looks at the word again
    if (!word_->compare_exchange(seen, armed, std::memory_order_relaxed)) return false;
    waiting.sleep(*word_, armed);  // L4
    return true;
}

// L5. We may have been woken in place of another one who still sleeps.
void owned_word::pass_on() noexcept {
    // relaxed, both: nothing is published
    std::uint32_t seen = word_->load(std::memory_order_relaxed);
    while (!stamp::of(seen).nobody()) {
        const std::uint32_t armed = seen | waiters_bit;
        if (word_->compare_exchange(seen, armed, std::memory_order_relaxed))
            return;  // relaxed: as above
    }
    wake(*word_, 1);
}

bool owned_word::spin_until_free(std::uint32_t& seen) {
    return spin([&] {
        // relaxed: the exchange that follows orders
        seen = word_->load(std::memory_order_relaxed);
        return stamp::of(seen).nobody();
    });
}

void owned_word::give_up_slowly(std::uint32_t seen, left_as how) noexcept {
    for (;;) {
        const std::uint32_t kept = how == left_as::found ? seen & inherited_bit : 0;
        if (stamp::of(seen).bits() != ours_) return;  // damaged: it is not ours any more
        if (word_->compare_exchange(seen, kept, std::memory_order_release)) break;  // U1. SYNC lock
    }
    if ((seen & waiters_bit) != 0) wake(*word_, 1);  // U2
}

void owned_word::take_back(lock_word& word, stamp dead) noexcept {
    // relaxed: a look; the exchange orders
    std::uint32_t seen = word.load(std::memory_order_relaxed);
    while (stamp::of(seen) == dead) {
        if (word.compare_exchange(seen, inherited_bit, std::memory_order_acq_rel))
            break;  // SYNC lock
    }
    wake(word, INT_MAX);
}

}  // namespace signet::sync
