// SPDX-License-Identifier: Apache-2.0
// The pages of a queue: opening one for a lane, freeing one when all in it is done, and seeing
// which ones there are. Steps O and G of docs/design/queues.md.
//
// Thread safety: any thread of any process.
// Invariants:
//   1. One word for each page decides, and none comes back: who is late fails.
//   2. A page is freed when all its records are done, and no more can come.
#pragma once

#include <signet/memory/queue_layout.hpp>
#include <signet/memory/queue_record.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace signet::memory {

/// A page, as somebody saw its word.
struct seen_page {
    std::uint32_t page = 0;
    page_word word;
};

/// Whether nobody sits in a seat, so that nobody appends to its pages.
using seat_is_vacant = std::function<bool(std::uint32_t seat)>;

/// Opens `count` pages, one behind the other, for a lane of a seat that the caller sits in, and
/// leaves `spare` others free. No value where there are not so many. Throws `error`
/// (limit_reached): as many pages were opened as can be counted.
std::optional<seen_page> open_pages(const queue_words& in, std::uint32_t seat,
                                    std::uint32_t priority, std::uint32_t count,
                                    std::uint32_t spare = 0);

/// Whether it would find so many.
bool has_free_pages(const queue_words& in, std::uint32_t count, std::uint32_t spare = 0);

/// G1 and G2: whether it was freed by this. `word` is the page's, as it was seen before.
bool free_page(const queue_words& in, const seen_page& seen);

/// The same for all pages that are closed, or of a vacant seat; how many were freed.
std::uint32_t free_pages(const queue_words& in, const seat_is_vacant& vacant);

/// E1 to E4: closes and frees pages that are open, and in which all is done, whoever appends to
/// them; not one in which somebody is writing just now. `fence_all` makes all who push fence. How
/// many were freed.
using fence_all_pushers = std::function<void()>;
std::uint32_t end_idle_pages(const queue_words& in, const fence_all_pushers& fence_all);

/// E2 to E4 for these, each of a seat that there is and whatever is in them: those that are closed,
/// or were closed by this; not one in which somebody is writing just now. Where `fence_all` is
/// empty only such are closed as are of a vacant seat.
std::vector<seen_page> close_open_pages(const queue_words& in, const std::vector<seen_page>& pages,
                                        const seat_is_vacant& vacant,
                                        const fence_all_pushers& fence_all);

/// For who finished a record of that page: frees it, where that was the last of all. True: who
/// needs room is to look, as it was freed, or is open and nothing in it is behind that record.
bool free_behind(const queue_words& in, const record_place& finished);

/// Whether the payload of a record at that line, of `bytes` bytes, lies in memory of that page.
bool lies_in_page(const queue_words& in, const seen_page& seen, std::uint64_t line,
                  std::uint64_t bytes);

/// All pages in which records may be, whatever their order.
void list_pages(const queue_words& in, std::vector<seen_page>& all);
/// By priority, seat and number.
void sort_by_lane(std::vector<seen_page>& pages);

}  // namespace signet::memory
