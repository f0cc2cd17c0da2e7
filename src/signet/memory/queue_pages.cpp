// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/queue_pages.hpp>

#include <signet/base/error.hpp>

#include <algorithm>
#include <tuple>

namespace signet::memory {
namespace {

bool change_page(const queue_words& in, std::uint32_t page, page_word from, page_word to) {
    std::uint64_t seen = from.bits();
    // seq_cst: who closes a page before it sleeps, and who finishes its last record, see each
    // other. SYNC page
    return in.page(page).compare_exchange(seen, to.bits(), std::memory_order_seq_cst);
}

/// The first of `count` free pages, one behind the other, where there are `spare` more: from the
/// bottom, runs from the top.
std::optional<std::uint32_t> find_free(const queue_words& in, std::uint32_t count,
                                       std::uint32_t spare) {
    const std::uint32_t pages = in.shape().pages;
    std::optional<std::uint32_t> first;
    std::uint32_t together = 0;
    std::uint32_t all = 0;
    for (std::uint32_t i = 0; i < pages; ++i) {
        const std::uint32_t page = count == 1 ? i : pages - 1 - i;
        const bool free = in.see_page(page).state() == page_state::free;
        all += free ? 1 : 0;
        together = free ? together + 1 : 0;
        if (together == count && !first) first = page;
        if (first && all >= count + spare) return first;
    }
    return std::nullopt;
}

/// Whether so many are free besides, now that some were taken.
bool leaves_free(const queue_words& in, std::uint32_t spare) {
    std::uint32_t left = 0;
    for (std::uint32_t page = 0; left < spare && page < in.shape().pages; ++page) {
        // seq_cst: of two who take the last ones, one sees the other. SYNC page
        const page_word word{in.page(page).load(std::memory_order_seq_cst)};
        if (word.state() == page_state::free) ++left;
    }
    return left == spare;
}

/// From the last to the first: who dies meanwhile leaves them one behind the other.
void give_back_tails(const queue_words& in, std::uint32_t first, std::uint32_t end,
                     std::uint64_t number) {
    for (std::uint32_t page = end; page-- > first;) {
        const page_word word = in.see_page(page);
        if (word.number() != number || word.state() != page_state::tail) continue;
        change_page(in, page, word, word.as(page_state::free));
    }
}

/// O3: the tails first, from the last to the second.
bool take_pages(const queue_words& in, std::uint32_t first, std::uint32_t count, page_word wanted) {
    for (std::uint32_t i = count; i-- > 0;) {
        const page_word was = in.see_page(first + i);
        const page_word next = i == 0 ? wanted : wanted.as(page_state::tail);
        if (was.state() == page_state::free && change_page(in, first + i, was, next)) continue;
        give_back_tails(in, first + i + 1, first + count, wanted.number());
        return false;
    }
    return true;
}

std::uint64_t draw_number(const queue_words& in) {
    // relaxed: it is only to be another than all before
    const std::uint64_t number = in.header().tickets.fetch_add(1, std::memory_order_relaxed) + 1;
    if (number <= page_word::number_max) return number;
    throw error{errc::limit_reached, "push", {}, "as many pages were opened as can be counted"};
}

// A word of another life is garbage there, as behind the last record stands `nothing`; and then it
// is nobody's.
bool all_done(const queue_words& in, const seen_page& seen) {
    for (std::uint32_t slot = 0; slot < in.shape().slots; ++slot) {
        const slot_word word{
            in.slot(seen.page, slot).word.load(std::memory_order_seq_cst)};  // SYNC record
        if (word.tag() != seen.word.tag()) continue;
        if (word.state() == record_state::nothing) return true;
        if (word.state() != record_state::done) return false;
    }
    return true;
}

/// Whether nobody appends to it any more.
bool may_end(page_word word, const seat_is_vacant& vacant) {
    return word.state() == page_state::closed || (word.may_grow() && vacant(word.seat()));
}

}  // namespace

std::optional<seen_page> open_pages(const queue_words& in, std::uint32_t seat,
                                    std::uint32_t priority, std::uint32_t count,
                                    std::uint32_t spare) {
    constexpr int tries = 64;  // each that fails was somebody else's success
    for (int i = 0; i < tries; ++i) {
        const std::optional<std::uint32_t> page = find_free(in, count, spare);
        if (!page) return std::nullopt;
        const page_word opening{draw_number(in), seat, priority, page_state::opening};
        if (!take_pages(in, *page, count, opening)) continue;
        if (!leaves_free(in, spare)) {
            give_back_tails(in, *page + 1, *page + count, opening.number());
            change_page(in, *page, opening, opening.as(page_state::free));
            in.header().freed.fetch_add(1, std::memory_order_release);  // SYNC freed
            continue;
        }
        const page_word open = opening.as(page_state::open);
        // O4. SYNC record
        in.slot(*page, 0).word.store(slot_word{open.tag(), record_state::nothing}.bits(),
                                     std::memory_order_release);
        if (!change_page(in, *page, opening, open)) continue;  // garbage: nobody else may change it
        in.header().opened[priority].fetch_add(1, std::memory_order_release);  // O7. SYNC looks
        return seen_page{*page, open};
    }
    return std::nullopt;
}

bool has_free_pages(const queue_words& in, std::uint32_t count, std::uint32_t spare) {
    return find_free(in, count, spare).has_value();
}

bool free_page(const queue_words& in, const seen_page& seen) {
    if (!all_done(in, seen)) return false;
    std::uint32_t end = seen.page + 1;
    for (; end < in.shape().pages; ++end) {
        const page_word word = in.see_page(end);
        const bool ours = word.state() == page_state::tail && word.number() == seen.word.number();
        if (!ours) break;
    }
    give_back_tails(in, seen.page + 1, end, seen.word.number());
    if (!change_page(in, seen.page, seen.word, seen.word.as(page_state::free))) return false;
    in.header().freed.fetch_add(1, std::memory_order_release);  // SYNC freed
    return true;
}

std::uint32_t free_pages(const queue_words& in, const seat_is_vacant& vacant) {
    std::uint32_t freed = 0;
    for (std::uint32_t page = 0; page < in.shape().pages; ++page) {
        const page_word word = in.see_page(page);
        if (may_end(word, vacant) && free_page(in, {page, word})) ++freed;
    }
    return freed;
}

namespace {

/// E2. `page` is what it is from then on.
bool begin_to_end(const queue_words& in, seen_page& page) {
    const page_word was = page.word;
    page.word = was.as(page_state::ending);
    return was == page.word || change_page(in, page.page, was, page.word);
}

/// E4, likewise.
bool end_page(const queue_words& in, seen_page& page) {
    const page_word ending = page.word;
    page.word = ending.as(page_state::closed);
    return change_page(in, page.page, ending, page.word);
}

/// E1 and E2: all that nobody may be writing in, from the next fence of everybody on.
std::vector<seen_page> idle_pages(const queue_words& in) {
    std::vector<seen_page> all;
    for (std::uint32_t number = 0; number < in.shape().pages; ++number) {
        seen_page page{number, in.see_page(number)};
        if (!page.word.may_grow() || page.word.seat() >= in.shape().seats) continue;
        if (all_done(in, page) && begin_to_end(in, page)) all.push_back(page);
    }
    return all;
}

bool is_written(const queue_words& in, const seen_page& page) {
    // SYNC pusher
    return in.pusher(page.word.seat()).writing.load(std::memory_order_acquire) == page.page + 1;
}

}  // namespace

std::uint32_t end_idle_pages(const queue_words& in, const fence_all_pushers& fence_all) {
    std::vector<seen_page> all = idle_pages(in);
    if (all.empty()) return 0;
    fence_all();  // E3
    std::uint32_t freed = 0;
    for (seen_page& page : all) {
        if (is_written(in, page) || !end_page(in, page)) continue;
        if (free_page(in, page)) ++freed;
    }
    return freed;
}

// Who sat in a vacant seat writes nothing any more, and who sits down there finds `ending`.
std::vector<seen_page> close_open_pages(const queue_words& in, const std::vector<seen_page>& pages,
                                        const seat_is_vacant& vacant,
                                        const fence_all_pushers& fence_all) {
    std::vector<seen_page> closed;
    std::vector<seen_page> ending;
    for (seen_page page : pages) {
        if (!page.word.may_grow()) {
            closed.push_back(page);
        } else if ((fence_all || vacant(page.word.seat())) && begin_to_end(in, page)) {
            ending.push_back(page);
        }
    }
    if (!ending.empty() && fence_all) fence_all();
    for (seen_page& page : ending) {
        const bool writing = is_written(in, page) && !vacant(page.word.seat());
        if (!writing && end_page(in, page)) closed.push_back(page);
    }
    return closed;
}

// One slot behind tells mostly that there is more to come.
bool free_behind(const queue_words& in, const record_place& finished) {
    // seq_cst: see `change_page`. SYNC page
    const page_word word{in.page(finished.page).load(std::memory_order_seq_cst)};
    if (!word.is_walked()) return false;
    // The next slot is where somebody may be about to write: it is left alone while nobody needs
    // room. SYNC doze
    const bool wanted = (in.header().room.dozing.load(std::memory_order_seq_cst) & 1) != 0;
    if (word.may_grow() && !wanted) return false;
    if (finished.slot + 1 < in.shape().slots) {
        const slot_word next{in.slot(finished.page, finished.slot + 1)
                                 .word.load(std::memory_order_seq_cst)};  // SYNC record
        const bool more = next.tag() == word.tag() && next.state() != record_state::nothing &&
                          next.state() != record_state::done;
        if (more) return false;
    }
    return word.may_grow() || free_page(in, {finished.page, word});
}

bool lies_in_page(const queue_words& in, const seen_page& seen, std::uint64_t line,
                  std::uint64_t bytes) {
    const std::uint64_t end = line * line_bytes + bytes;
    if (end <= in.shape().page_bytes) return true;
    const std::uint64_t pages = (end + in.shape().page_bytes - 1) / in.shape().page_bytes;
    if (line > in.shape().page_lines() || pages > in.shape().pages - seen.page) return false;
    for (std::uint32_t i = 1; i < pages; ++i) {
        const page_word word = in.see_page(seen.page + i);
        const bool ours = word.state() == page_state::tail && word.number() == seen.word.number();
        if (!ours) return false;
    }
    return true;
}

void list_pages(const queue_words& in, std::vector<seen_page>& all) {
    all.clear();
    for (std::uint32_t page = 0; page < in.shape().pages; ++page) {
        const page_word word = in.see_page(page);
        const bool ours = word.is_walked() && word.seat() < in.shape().seats &&
                          in.shape().has_priority(word.priority());
        if (ours) all.push_back({page, word});
    }
}

void sort_by_lane(std::vector<seen_page>& pages) {
    std::sort(pages.begin(), pages.end(), [](const seen_page& one, const seen_page& other) {
        return std::tuple{one.word.priority(), one.word.seat(), one.word.number()} <
               std::tuple{other.word.priority(), other.word.seat(), other.word.number()};
    });
}

}  // namespace signet::memory
