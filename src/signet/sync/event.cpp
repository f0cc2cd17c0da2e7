// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/event.hpp>

#include <signet/base/error.hpp>
#include <signet/sync/region_core.hpp>

#include <climits>

namespace signet::sync {
namespace {

/// A bit in each byte: whichever byte is damaged, the word is neither this nor 0.
constexpr std::uint32_t set_bits = 0x02020202;

}  // namespace

event::event(const region& in, std::string_view name, event_reset reset)
    : in_{in.core()},
      name_{name},
      reset_{reset},
      word_{in_->words_of<memory::shared_word<std::uint32_t>>(
          {.kind = memory::object_kind::event,
           .name = name,
           .shape = static_cast<std::uint64_t>(reset)})} {}

void event::set() {
    in_->check_process();
    const std::uint32_t seen = word_->exchange(set_bits, std::memory_order_acq_rel);  // SYNC event
    if ((seen & somebody_waits) == 0) return;
    wake(*word_, reset_ == event_reset::manual ? INT_MAX : 1);
}

void event::reset() {
    in_->check_process();
    word_->fetch_and(~set_bits, std::memory_order_relaxed);  // relaxed: nothing is published
}

bool event::is_set() const {
    in_->check_process();
    return says_set(word_->load(std::memory_order_acquire));  // SYNC event
}

bool event::says_set(std::uint32_t seen) const {
    const std::uint32_t state = seen & ~somebody_waits;
    if (state != 0 && state != set_bits) {
        throw error{errc::damaged, "use event", name_, "its word is neither set nor not set"};
    }
    return state != 0;
}

bool event::try_wait() {
    in_->check_process();
    std::uint32_t seen = word_->load(std::memory_order_acquire);  // SYNC event
    return take_set(seen, 0);
}

bool event::take_set(std::uint32_t& seen, std::uint32_t slept) {
    while (says_set(seen)) {
        if (reset_ == event_reset::manual) return true;
        const std::uint32_t left = (seen & ~set_bits) | slept;
        if (word_->compare_exchange(seen, left, std::memory_order_acquire))
            return true;  // SYNC event
    }
    return false;
}

bool event::take(const patience& limit) {
    if (try_wait()) return true;
    sleeper waiting{limit};
    std::uint32_t slept = 0;
    for (;;) {
        std::uint32_t seen = 0;
        spin([&] {
            seen = word_->load(std::memory_order_acquire);  // SYNC event
            return (seen & set_bits) != 0;
        });
        if (take_set(seen, slept)) return true;
        if (waiting.over()) return pass_on(slept), false;
        const std::uint32_t armed = seen | somebody_waits;
        // relaxed: nothing is published, and the kernel looks at the word again
        if (!word_->compare_exchange(seen, armed, std::memory_order_relaxed)) continue;
        slept = somebody_waits;
        waiting.sleep(*word_, armed);
    }
}

// We may have been woken in place of another one who still sleeps.
void event::pass_on(std::uint32_t slept) noexcept {
    if (slept == 0) return;
    // relaxed: nothing is published
    const std::uint32_t seen = word_->fetch_or(somebody_waits, std::memory_order_relaxed);
    if ((seen & set_bits) != 0) wake(*word_, 1);
}

}  // namespace signet::sync
