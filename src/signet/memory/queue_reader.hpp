// SPDX-License-Identifier: Apache-2.0
// Where a consumer of a queue is in the lanes of its producers, and how it takes the next record.
// Steps C of docs/design/queues.md.
//
// Thread safety: one thread at a time. Invariants:
//   1. A record is taken by one compare-and-swap of its word; all that is kept here is a hint.
//   2. Of a lane only such pages are walked as are known to have no earlier one: those that the
//      look before saw one as late as.
#pragma once

#include <signet/memory/queue_lane.hpp>
#include <signet/memory/queue_layout.hpp>
#include <signet/memory/queue_pages.hpp>
#include <signet/memory/queue_record.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace signet::memory {

/// The time in nanoseconds, of the clock that due times are of; asked for only where it matters.
using read_clock = std::uint64_t (*)();

/// Which lanes.
enum class lanes_of { messages, dead_letters };

/// A record that was taken, and whether what it says can be. Where not, nothing of it counts.
struct claimed_record {
    taken_record record;
    bool sound = false;
};

/// C5, for the record of that word, whichever it is; no value where it has changed.
std::optional<claimed_record> claim_record(const queue_words& in, const seen_page& page,
                                           std::uint32_t slot, slot_word word, stamp self);

class queue_reader {
public:
    queue_reader(const queue_words& in, lanes_of which, read_clock now)
        : in_{in}, which_{which}, now_{now} {}

    /// C1 to C5: takes the first that may be taken, for `self`.
    std::optional<claimed_record> take(stamp self);
    /// The same; false: there is none.
    bool take(stamp self, taken_record& into, bool& sound);

    /// Whether there is one.
    bool sees_any();

    /// C7: the next look is at all pages from their beginnings.
    void forget() noexcept;

    /// When the first of the delayed is due that were passed over since the last `forget`; 0: none.
    std::uint64_t next_due_ns() const noexcept { return next_due_ns_; }

    /// How many pages were freed since the last time.
    std::uint32_t freed() noexcept;

private:
    struct lane {
        std::uint32_t priority = 0;
        std::uint32_t seat = 0;
        std::vector<seen_page> pages{};  ///< in order, and none is missing between
        std::size_t at = 0;              ///< which of them
        std::uint32_t slot = 0;          ///< the next there
        std::uint64_t latest = 0;        ///< number that the last look saw
    };
    enum class walk { taken, nothing, changed };

    bool find(stamp self, taken_record& into);
    walk find_once(stamp self, taken_record& into);
    walk find_in(std::size_t begin, std::size_t end, stamp self, taken_record& into);
    void follow_hints();
    std::uint32_t opened(std::uint32_t priority) const noexcept;
    void look();
    bool look_once();
    lane merged(std::size_t begin, std::size_t end, bool& reliable) const;
    const lane* known(std::uint32_t priority, std::uint32_t seat) const noexcept;
    walk take_from(lane& of, stamp self, taken_record& into);
    walk step(lane& of, stamp self, taken_record& into);
    walk at_stranger(lane& of, const seen_page& page);
    walk at_end(lane& of, stamp self, taken_record& into);
    bool leave_page(lane& of);
    bool is_due(std::uint64_t due_ns);

    static constexpr std::uint32_t takes_before_look = 128;  ///< for the lanes of newcomers
    static constexpr std::uint32_t takes_before_forgetting = 1024;

    queue_words in_;
    lanes_of which_;
    read_clock now_;
    std::vector<lane> lanes_;  ///< by priority and seat
    std::vector<seen_page> seen_;
    std::size_t turn_ = 0;
    std::array<std::uint32_t, dead_priority + 1> opened_{};
    std::uint32_t returned_ = 0;
    bool look_again_ = true;
    bool from_beginning_ = true;
    std::uint32_t takes_ = 0;
    std::uint32_t looked_ = 0;  ///< `takes_` at the last look
    std::uint32_t freed_ = 0;
    std::uint64_t next_due_ns_ = 0;
    bool sound_ = false;  ///< of the last that was taken
};

}  // namespace signet::memory
