// SPDX-License-Identifier: Apache-2.0
// Moving what is delayed out of pages that hold nothing else, so that these become free: steps V of
// docs/design/queues.md.
//
// Thread safety: one thread of a seat at a time, as for its lanes; any number of seats.
// Invariants:
//   1. A seat moves one record at a time: of its stamp there is one `moving` and one `copied`
//      record at most, and as long as there is the first, the second does not count.
//   2. Nothing is moved where that makes no page free.
#pragma once

#include <signet/memory/queue_lane.hpp>
#include <signet/memory/queue_layout.hpp>
#include <signet/memory/queue_pages.hpp>
#include <signet/memory/stamp.hpp>

#include <cstdint>
#include <span>

namespace signet::memory {

/// Who moves.
struct queue_mover {
    stamp self;
    std::uint64_t now_ns = 0;  ///< what is due by then stays where it is
    seat_is_vacant vacant;
    fence_all_pushers fence_all{};  ///< as `queue_peers::fence_all`
};

/// What came of it.
struct moved_records {
    std::uint32_t records = 0;
    std::uint32_t pages_freed = 0;
};

/// Moves as much as fits in one page, to the lane of that priority which gains most: `lanes` are
/// the seat's, by priority from 0. Throws `error` (limit_reached), as pushing does.
moved_records move_delayed(const queue_words& in, std::span<queue_lane> lanes,
                           const queue_mover& mover);

}  // namespace signet::memory
