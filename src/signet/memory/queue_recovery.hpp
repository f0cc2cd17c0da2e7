// SPDX-License-Identifier: Apache-2.0
// What a death means for a queue, and looks at all its records. Steps K of docs/design/queues.md.
// Any thread of any process, several at once, and again.
#pragma once

#include <signet/memory/queue_lane.hpp>
#include <signet/memory/queue_layout.hpp>
#include <signet/memory/queue_pages.hpp>
#include <signet/memory/queue_record.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace signet::memory {

/// K1 and K2: what `dead` had taken is ready again, what it was writing is dropped, what it was
/// moving is at one place, and pages that it had not opened yet are free. `seat` is the word of the
/// seat in which it sat.
void take_back(const queue_words& in, stamp dead, const shared_word<std::uint32_t>& seat) noexcept;

/// Calls `look` for each record, lane by lane in the order of numbers.
using record_look = std::function<void(const seen_page& page, std::uint32_t slot, slot_word word)>;
void for_each_record(const queue_words& in, const record_look& look);

/// Z1 to Z8. Both are hints of when to sleep and whom to wake.
/// Z2: says that somebody is about to sleep.
void doze(queue_bell& bell) noexcept;

/// Z5, Z6: whether somebody may sleep; then wake one, and `nobody_slept` where there was none.
bool must_ring(queue_bell& bell, std::uint32_t& dozing) noexcept;
void nobody_slept(queue_bell& bell, std::uint32_t dozing) noexcept;

}  // namespace signet::memory
