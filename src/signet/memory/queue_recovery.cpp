// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/queue_recovery.hpp>

#include <signet/memory/queue_touched.hpp>

#include <optional>

namespace signet::memory {
namespace {

/// K1 for one record. Fails where another sweeper was first.
void take_back_record(queue_slot& slot, slot_word word) {
    std::uint64_t seen = word.bits();
    const bool was_taken = word.state() == record_state::taken;
    const record_state as = was_taken ? record_state::ready : record_state::done;
    // SYNC record
    slot.word.compare_exchange(seen, word.as(as).bits(), std::memory_order_seq_cst);
}

/// The record that somebody was moving, and its copy: one of each, unless there is garbage.
struct moved_record {
    std::optional<record_place> original{};
    std::optional<record_place> copy{};
};

/// K1 for these. Who moved it made the original done before its copy counts; so as long as the
/// original is there the copy is void, and that is so until somebody gives the original back. The
/// copy first: another sweeper looks at it by what becomes of the original.
void take_back_moved(const queue_words& in, const moved_record& found) {
    const auto change = [&](const record_place& place, record_state to) {
        std::uint64_t seen = place.word;
        // SYNC record
        in.slot(place.page, place.slot)
            .word.compare_exchange(seen, slot_word{seen}.as(to).bits(), std::memory_order_seq_cst);
    };
    if (found.copy)
        change(*found.copy, found.original ? record_state::done : record_state::delayed);
    if (found.original) change(*found.original, record_state::delayed);
}

void take_back_page(const queue_words& in, std::uint32_t page, stamp dead, moved_record& moved) {
    const page_word life = in.see_page(page);
    if (!life.is_walked()) return;
    for (std::uint32_t i = 0; i < in.shape().slots; ++i) {
        queue_slot& slot = in.slot(page, i);
        const slot_word word{slot.word.load(std::memory_order_acquire)};  // SYNC record
        if (word.tag() != life.tag()) continue;                           // garbage
        if (word.state() == record_state::nothing) break;
        if (word.owner() != dead) continue;
        const record_place place{page, i, word.bits()};
        switch (word.state()) {
            case record_state::taken:
            case record_state::loaned: take_back_record(slot, word); break;
            case record_state::moving: moved.original = place; break;
            case record_state::copied: moved.copy = place; break;
            default: break;
        }
    }
}

/// K2: a page that the dead one had taken, and nobody can have walked in. Whether it was freed.
bool free_unopened(const queue_words& in, std::uint32_t page, page_word word, stamp dead,
                   const shared_word<std::uint32_t>& seat) {
    if (word.seat() != dead.seat()) return false;
    // The page was taken before this look, and as long as the seat is the dead one's, by nobody
    // else.
    const std::uint32_t sits = seat.load(std::memory_order_acquire);  // SYNC seat
    if (is_free(sits) || seat_generation(sits) != dead.generation()) return false;
    std::uint64_t seen = word.bits();
    // SYNC page
    return in.page(page).compare_exchange(seen, word.as(page_state::free).bits(),
                                          std::memory_order_seq_cst);
}

/// Whether it is a tail, and belongs to the page before it.
bool goes_on(page_word word, page_word before) {
    return word.state() == page_state::tail && before.number() == word.number() &&
           before.state() != page_state::free;
}

}  // namespace

// From the bottom: a head is free before its tails are looked at.
void take_back(const queue_words& in, stamp dead, const shared_word<std::uint32_t>& seat) noexcept {
    page_word before;
    moved_record moved;
    for (std::uint32_t page = 0; page < in.shape().pages; ++page) {
        take_back_page(in, page, dead, moved);
        const page_word word = in.see_page(page);
        const bool lost = word.state() == page_state::tail && !goes_on(word, before);
        const bool unopened = lost || word.state() == page_state::opening;
        const bool freed = unopened && free_unopened(in, page, word, dead, seat);
        before = lost || freed ? page_word{} : word;
    }
    take_back_moved(in, moved);
    // Always: another sweeper may have done it all, and died before it said so.
    touch_all(in);
    in.header().returned.fetch_add(1, std::memory_order_release);  // SYNC looks
    for (auto& opened : in.header().opened)
        opened.fetch_add(1, std::memory_order_release);  // SYNC looks
}

void for_each_record(const queue_words& in, const record_look& look) {
    std::vector<seen_page> all;
    list_pages(in, all);
    sort_by_lane(all);
    for (const seen_page& page : all) {
        for (std::uint32_t i = 0; i < in.shape().slots; ++i) {
            const slot_word word{
                in.slot(page.page, i).word.load(std::memory_order_acquire)};  // SYNC record
            if (word.tag() != page.word.tag()) continue;                      // garbage
            if (word.state() == record_state::nothing) break;
            look(page, i, word);
        }
    }
}

void doze(queue_bell& bell) noexcept {
    // relaxed: the exchange decides
    std::uint32_t seen = bell.dozing.load(std::memory_order_relaxed);
    while (!bell.dozing.compare_exchange(seen, (seen + 2) | 1,
                                         std::memory_order_seq_cst)) {  // Z2. SYNC doze
    }
    fence(std::memory_order_seq_cst);  // what is looked at from here on comes later. SYNC doze
}

bool must_ring(queue_bell& bell, std::uint32_t& dozing) noexcept {
    dozing = bell.dozing.load(std::memory_order_seq_cst);  // Z5. SYNC doze
    if ((dozing & 1) == 0) return false;
    bell.rings.fetch_add(1, std::memory_order_seq_cst);  // Z6. SYNC rings
    return true;
}

void nobody_slept(queue_bell& bell, std::uint32_t dozing) noexcept {
    // Z8. relaxed: nothing is published, and who arms it anew changes the word
    bell.dozing.compare_exchange(dozing, dozing & ~1u, std::memory_order_relaxed);
}

}  // namespace signet::memory
