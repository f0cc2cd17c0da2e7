// SPDX-License-Identifier: Apache-2.0
// One lane of a queue as its producer has it: the page it appends to, and where. Steps J2, J3 and P
// of docs/design/queues.md.
//
// Thread safety: one thread at a time. Invariants:
//   1. A lane has one open page at most, and only who sits in its seat appends to it.
//   2. Behind the last record of a page stands `nothing`, before that record can be seen.
#pragma once

#include <signet/memory/queue_facts.hpp>
#include <signet/memory/queue_layout.hpp>
#include <signet/memory/queue_pages.hpp>
#include <signet/memory/queue_record.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace signet::memory {

/// What a lane has to be told about the others who use the queue.
struct queue_peers {
    seat_is_vacant vacant;
    fence_all_pushers fence_all{};         ///< empty where there is no such thing: idle pages stay
    std::function<void()> tell_of_room{};  ///< called where more was freed than the lane needs
    bool fences_itself = true;             ///< `fence_all` of others does not reach this process
    std::uint32_t spare = 0;               ///< pages that stay free, for what is moved
};

/// What fits in a page, or in what is left of it.
struct page_room {
    std::uint32_t records = 0;
    std::uint64_t lines = 0;
};

class queue_lane {
public:
    queue_lane(const queue_words& in, std::uint32_t seat, std::uint32_t priority,
               queue_peers peers) noexcept
        : in_{in}, seat_{seat}, priority_{priority}, peers_{std::move(peers)} {}

    /// P1: a place for a record, or no value where the queue has no page left. The next one is
    /// behind it, once it was published, or kept by `keep`; one of these follows, before anything
    /// else is pushed by that seat.
    std::optional<reserved_record> reserve(std::uint64_t bytes, const record_facts& facts);

    /// Whether `reserve` would find one: looks at everything, and frees what it can.
    bool make_room(std::uint64_t bytes, const record_facts& facts);

    /// P2 to P4: it is there, in the state `as`. The payload has been written.
    void publish(const reserved_record& record, std::uint64_t bytes, const record_facts& facts,
                 record_state as) noexcept;

    /// The record is `owner`'s until that one changes its word, whatever is pushed behind it
    /// meanwhile: `loaned`, until `publish_loan` or `drop_loan`, or `copied`.
    record_place keep(const reserved_record& record, std::uint64_t bytes, const record_facts& facts,
                      stamp owner, record_state as = record_state::loaned) noexcept;

    /// Whether the last `reserve` that found nothing looked at all there is.
    bool has_looked() const noexcept { return misses_ == 1; }

    // For what is moved here from other pages.

    /// What fits in the page that is open.
    page_room room();
    /// Opens a page, also one that pushes leave free. False: there is none.
    bool open_spare();
    /// As `reserve`, in the page that is open.
    std::optional<reserved_record> reserve_here(std::uint64_t bytes, const record_facts& facts);

private:
    bool fits(std::uint64_t lines) const noexcept;
    std::uint32_t pages_of(std::uint64_t lines) const noexcept;
    void resume();
    void go_on();
    reserved_record place_of(std::uint64_t lines) const noexcept;
    bool begin_to_write() noexcept;
    void stop_writing() noexcept;
    bool open_for(std::uint64_t lines);
    void begin_page(const seen_page& opened) noexcept;
    bool find_room(std::uint32_t pages);
    bool is_hopeless(std::uint32_t pages) noexcept;
    void advance(const reserved_record& record) noexcept;
    void close() noexcept;

    queue_words in_;
    std::uint32_t seat_;
    std::uint32_t priority_;
    queue_peers peers_;
    std::optional<seen_page> page_;
    bool resumed_ = false;
    std::uint32_t slot_ = 0;   ///< the next
    std::uint64_t line_ = 0;   ///< likewise
    std::uint32_t freed_ = 0;  ///< pages, when there was none for us
    std::uint32_t misses_ = 0;
    std::uint32_t missed_pages_ = 0;  ///< how many it would have taken
};

/// Whether it was still the caller's.
bool publish_loan(const queue_words& in, const record_place& place, record_state as) noexcept;
bool drop_loan(const queue_words& in, const record_place& place) noexcept;

/// A1: whether it was still the caller's. `as` is done or finished.
bool finish_record(const queue_words& in, const record_place& place, record_state as) noexcept;

/// B1: ready again, or delayed until `due_ns`. Whether it was still the caller's.
bool return_record(const queue_words& in, const record_place& place, std::uint64_t due_ns) noexcept;

}  // namespace signet::memory
