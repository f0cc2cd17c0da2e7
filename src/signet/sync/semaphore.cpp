// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/semaphore.hpp>

#include <signet/base/error.hpp>

#include <bit>
#include <climits>
#include <span>

namespace signet::sync {
namespace {

/// In both halves: whichever byte is damaged, they differ. Processes sleep on the lower one.
constexpr std::uint64_t one_permit = std::uint64_t{1} << 33 | 2;
static_assert(std::endian::native == std::endian::little, "the lower half comes first");

std::uint64_t permits_of(std::uint64_t word) {
    return word >> 33;
}

const memory::shared_word<std::uint32_t>& lower_half(
    const memory::shared_word<std::uint64_t>& word) {
    return reinterpret_cast<const memory::shared_word<std::uint32_t>&>(word);
}

constexpr std::uint32_t one_turn = 2;

std::uint32_t checked(std::uint32_t permits, std::uint32_t least, std::uint32_t most) {
    if (permits < least || permits > most) {
        throw error{errc::bad_option,
                    "make a semaphore",
                    {},
                    "it has " + std::to_string(least) + " to " + std::to_string(most) + " permits"};
    }
    return permits;
}

}  // namespace

// ---- permits that are counted -------------------------------------------------------------------

semaphore::semaphore(const region& in, std::string_view name, std::uint32_t permits)
    : in_{in.core()}, name_{name} {
    const std::uint64_t word = checked(permits, 0, permits_max) * one_permit;
    word_ = in_->words_of<memory::shared_word<std::uint64_t>>(
        {.kind = memory::object_kind::semaphore,
         .name = name,
         .initial = std::as_bytes(std::span{&word, 1})});
}

std::uint64_t semaphore::sound(std::uint64_t seen) const {
    if (seen >> 32 == (seen & UINT32_MAX & ~std::uint64_t{somebody_waits})) return seen;
    throw error{errc::damaged, "use semaphore", name_, "its two counts of permits differ"};
}

bool semaphore::try_take() {
    in_->check_process();
    // relaxed: the exchange orders
    std::uint64_t seen = word_->load(std::memory_order_relaxed);
    return take_some(seen, 0);
}

// `slept`: the bit of somebody who has slept, and cannot know whether others still do.
bool semaphore::take_some(std::uint64_t& seen, std::uint32_t slept) {
    while (sound(seen) >= one_permit) {
        const std::uint64_t left = (seen - one_permit) | slept;
        if (!word_->compare_exchange(seen, left, std::memory_order_acquire))
            continue;  // SYNC permit
        // Two were released, and we were woken for the first: another one is to have the second.
        if (slept != 0 && left >= one_permit) wake(lower_half(*word_), 1);
        return true;
    }
    return false;
}

bool semaphore::take(const patience& limit) {
    if (try_take()) return true;
    sleeper waiting{limit};
    std::uint32_t slept = 0;
    for (;;) {
        std::uint64_t seen = 0;
        spin([&] {
            seen = word_->load(std::memory_order_relaxed);  // relaxed: the exchange orders
            return seen >= one_permit;
        });
        if (take_some(seen, slept)) return true;
        if (waiting.over()) return pass_on(slept), false;
        const std::uint64_t armed = seen | somebody_waits;
        // relaxed: nothing is published, and the kernel looks at the word again
        if (!word_->compare_exchange(seen, armed, std::memory_order_relaxed)) continue;
        slept = somebody_waits;
        waiting.sleep(lower_half(*word_), static_cast<std::uint32_t>(armed));
    }
}

// We may have been woken in place of another one who still sleeps.
void semaphore::pass_on(std::uint32_t slept) noexcept {
    if (slept == 0) return;
    // relaxed: nothing is published
    if (word_->fetch_or(somebody_waits, std::memory_order_relaxed) >= one_permit) {
        wake(lower_half(*word_), 1);
    }
}

void semaphore::release(std::uint32_t count) {
    in_->check_process();
    if (count == 0) return;  // it would take the sleepers' bit
    // relaxed: the exchange orders
    std::uint64_t seen = word_->load(std::memory_order_relaxed);
    do {
        if (permits_of(sound(seen)) + count > permits_max) {
            throw error{errc::limit_reached, "release semaphore", name_,
                        "it would have more than " + std::to_string(permits_max) + " permits"};
        }
    } while (!word_->compare_exchange(seen,
                                      (seen + count * one_permit) & ~std::uint64_t{somebody_waits},
                                      std::memory_order_release));  // SYNC permit
    const int woken = count > INT_MAX ? INT_MAX : static_cast<int>(count);
    if ((seen & somebody_waits) != 0) wake(lower_half(*word_), woken);
}

std::uint32_t semaphore::permits() const {
    in_->check_process();
    const std::uint64_t seen = word_->load(std::memory_order_relaxed);  // relaxed: a look
    return static_cast<std::uint32_t>(permits_of(sound(seen)));
}

// ---- permits that have an owner -----------------------------------------------------------------

permit_pool::permit_pool(const region& in, std::string_view name, std::uint32_t permits)
    : in_{in.core()},
      name_{name},
      count_{checked(permits, 1, permits_max)},
      words_{in_->words_of<words>({.kind = memory::object_kind::permit_pool,
                                   .name = name,
                                   .bytes = sizeof(words) + count_ * sizeof(lock_word),
                                   .shape = count_})} {}

bool permit_pool::try_take() {
    in_->check_process();
    return take_any([](memory::stamp owner) { return owner.nobody(); });
}

template <class Takes>
bool permit_pool::take_any(Takes&& takes) {
    const std::uint32_t ours = in_->self().bits();
    for (std::uint32_t i = 0; i < count_; ++i) {
        lock_word& permit = words_->permit[i];
        std::uint32_t seen = permit.load(std::memory_order_seq_cst);  // SYNC turn
        if (!takes(memory::stamp::of(seen))) continue;
        // SYNC permit, SYNC stamp
        if (permit.compare_exchange(seen, ours, std::memory_order_acq_rel)) return true;
    }
    return false;
}

bool permit_pool::take(const patience& limit) {
    if (try_take()) return true;
    sleeper waiting{limit};
    for (;;) {
        if (spin([&] { return try_take(); })) return true;
        if (waiting.over()) return wake_one(), false;
        const std::uint32_t armed =
            words_->turn.fetch_or(somebody_waits, std::memory_order_seq_cst) |
            somebody_waits;  // SYNC turn
        if (take_any([&](memory::stamp owner) { return owner.nobody() || in_->dead(owner); })) {
            return true;
        }
        waiting.sleep(words_->turn, armed);
    }
}

void permit_pool::release() {
    in_->check_process();
    const std::uint32_t ours = in_->self().bits();
    for (std::uint32_t i = 0; i < count_; ++i) {
        std::uint32_t seen = ours;
        if (!words_->permit[i].compare_exchange(seen, 0, std::memory_order_seq_cst))
            continue;  // SYNC permit, SYNC turn
        return wake_one();
    }
    throw contract_violation{"release permit pool '" + name_ + "': this process has no permit"};
}

// One who slept finds the bit gone and sets it again, as long as there may be others.
void permit_pool::wake_one() noexcept {
    std::uint32_t seen = words_->turn.load(std::memory_order_seq_cst);  // SYNC turn
    if ((seen & somebody_waits) == 0) return;
    words_->turn.fetch_add(one_turn, std::memory_order_relaxed);  // relaxed: a hint to look again
    if (wake(words_->turn, 1) != 0) return;
    // relaxed: whoever sets the bit from now on changes the word, and looks again
    seen = words_->turn.load(std::memory_order_relaxed);
    while (!words_->turn.compare_exchange(seen, (seen + one_turn) & ~somebody_waits,
                                          std::memory_order_relaxed)) {  // relaxed: likewise
    }
    wake(words_->turn, INT_MAX);
}

std::uint32_t permit_pool::permits() const {
    in_->check_process();
    std::uint32_t unowned = 0;
    for (std::uint32_t i = 0; i < count_; ++i) {
        // relaxed: a look
        if (words_->permit[i].load(std::memory_order_relaxed) == 0) ++unowned;
    }
    return unowned;
}

void permit_pool::take_back(std::byte* where, std::uint64_t bytes, memory::stamp dead) noexcept {
    auto& all = *reinterpret_cast<words*>(where);
    const std::uint64_t count = (bytes - sizeof(words)) / sizeof(lock_word);
    for (std::uint64_t i = 0; i < count; ++i) {
        std::uint32_t seen = dead.bits();
        all.permit[i].compare_exchange(seen, 0,
                                       std::memory_order_seq_cst);  // SYNC permit, SYNC turn
    }
    rouse(all.turn);
}

}  // namespace signet::sync
