// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/condition_variable.hpp>

#include <signet/sync/region_core.hpp>

#include <climits>

namespace signet::sync {
namespace {

constexpr std::uint32_t one_notification = 2;

}  // namespace

condition_variable::condition_variable(const region& in, std::string_view name)
    : in_{in.core()},
      word_{in_->words_of<memory::shared_word<std::uint32_t>>(
          {.kind = memory::object_kind::condition_variable, .name = name})} {}

// The caller has the lock, and so will have had whoever notifies: it orders the words.
std::uint32_t condition_variable::arm() {
    in_->check_process();
    // relaxed: as above
    return word_->fetch_or(somebody_waits, std::memory_order_relaxed) | somebody_waits;
}

void condition_variable::notify_one() {
    in_->check_process();
    // relaxed, both: as above. The bit stays, for there may be others.
    if ((word_->load(std::memory_order_relaxed) & somebody_waits) == 0) return;
    word_->fetch_add(one_notification, std::memory_order_relaxed);  // relaxed: as above
    // Nobody slept: the bit is of somebody who has gone, or is about to sleep and will find the
    // word changed.
    if (wake(*word_, 1) == 0) notify_all();
}

void condition_variable::notify_all() {
    in_->check_process();
    // relaxed, both: as above
    std::uint32_t seen = word_->load(std::memory_order_relaxed);
    do {
        if ((seen & somebody_waits) == 0) return;
    } while (!word_->compare_exchange(seen, (seen + one_notification) & ~somebody_waits,
                                      std::memory_order_relaxed));  // relaxed: as above
    wake(*word_, INT_MAX);
}

}  // namespace signet::sync
