// SPDX-License-Identifier: Apache-2.0
// The bytes of a queue, an object in a region. Who may write which word, and what holds if the
// writer dies there: docs/design/queues.md. The same drawings stand in docs/formats.md. Plain
// structs over mapped memory; no ownership. What is read here was written by others: `flaw_of`
// checks what is fixed, and all else is checked where it is used.
#pragma once

#include <signet/memory/access.hpp>
#include <signet/memory/region_layout.hpp>
#include <signet/memory/stamp.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace signet::memory {

inline constexpr std::uint32_t queue_layout_version = 2;

/// A set of pages has a bit for each number mod 512.
inline constexpr std::size_t page_set_words = 8;
inline constexpr std::uint64_t queue_magic = 0x31306575'65757153;  // "Squeue01"

/// The lane of dead letters.
inline constexpr std::uint32_t dead_priority = 15;

inline constexpr std::size_t reply_to_bytes_max = 200;
inline constexpr std::size_t dead_text_bytes_max = 200;

/// In `flags` of a queue.
enum queue_flags : std::uint32_t {
    queue_is_durable = 1,
    queue_keeps_expired = 2,  ///< as dead letters
    queue_is_mailbox = 4,
    queue_flags_known = 7,
};

/// Where somebody sleeps: `dozing` is | armings: 31 | somebody sleeps: 1 |; they sleep on `rings`.
struct queue_bell {
    shared_word<std::uint32_t> dozing;
    shared_word<std::uint32_t> rings;
};

/// The numbers that shape a queue. Fixed at creation.
struct queue_geometry {
    std::uint32_t page_bytes = 0;  ///< of payload: a multiple of a line
    std::uint32_t pages = 0;
    std::uint32_t slots = 0;  ///< records in a page, at most
    std::uint32_t seats = 0;
    std::uint64_t message_bytes_max = 0;
    std::uint64_t id_window_ns = 0;
    std::uint32_t priorities = 0;
    std::uint32_t deliveries_max = 0;
    std::uint32_t id_sets = 0;
    std::uint32_t flags = 0;
    std::uint64_t id = 0;
    std::uint32_t type_bytes = 0;
    std::uint32_t payload_alignment = 8;

    constexpr std::uint64_t page_words_offset() const;
    constexpr std::uint64_t pushers_offset() const;
    constexpr std::uint64_t ids_offset() const;
    constexpr std::uint64_t slots_offset() const;
    constexpr std::uint64_t pages_offset() const;
    constexpr std::uint64_t bytes() const;
    constexpr std::uint32_t page_lines() const { return page_bytes / line_bytes; }
    constexpr bool has_priority(std::uint32_t priority) const {
        return priority < priorities || priority == dead_priority;
    }

    /// Whether this shape can be: no sum overflows, and each number has its place in a word.
    bool sound() const noexcept;
};

/// The first lines.
///
///     0x000  magic u64 | version u32 | check u32              written once, by its maker; `check`
///     0x010  page_bytes u32 | pages u32 | slots u32 | seats u32     is over 0x010 to 0x050, and
///     0x020  message_bytes_max u64 | id_window_ns u64               the type
///     0x030  priorities u32 | deliveries_max u32 | id_sets u32 | flags u32
///     0x040  id u64, random | type_bytes u32 | payload_alignment u32
///     0x080  tickets u64                   the last number that a page was given
///     0x088  freed u32                     hint: there may be room again
///     0x0c0  work: dozing u32 | rings u32  consumers sleep
///     0x100  room: dozing u32 | rings u32  producers sleep
///     0x140  opened u32[16]                hints, for each priority: look at the pages again
///     0x180  returned u32                  hint: look at all records again
///     0x1c0  reader u32                    mailbox: the stamp of its reader, else 0
///     0x200  expired u64 | duplicates u64 | damaged u64 | forgotten u64   counts, for people
///     0x240  staged u64 [8] | finished u64 [8]   pages of a durable queue that hold such records:
///                                         bit n for n, n + 512, ...; hints
///     0x2c0  type descriptor, page words, pushers, ids, slots, payloads
struct queue_header {
    shared_word<std::uint64_t> magic;
    shared_word<std::uint32_t> version;
    shared_word<std::uint32_t> check;
    shared_word<std::uint64_t> shape[8];
    alignas(line_bytes) shared_word<std::uint64_t> tickets;
    shared_word<std::uint32_t> freed;
    alignas(line_bytes) queue_bell work;
    alignas(line_bytes) queue_bell room;
    alignas(line_bytes) shared_word<std::uint32_t> opened[dead_priority + 1];
    alignas(line_bytes) shared_word<std::uint32_t> returned;
    alignas(line_bytes) shared_word<std::uint32_t> reader;
    alignas(line_bytes) shared_word<std::uint64_t> expired;
    shared_word<std::uint64_t> duplicates;
    shared_word<std::uint64_t> damaged;
    shared_word<std::uint64_t> forgotten;
    alignas(line_bytes) shared_word<std::uint64_t> staged[page_set_words];
    alignas(line_bytes) shared_word<std::uint64_t> finished[page_set_words];
};
static_assert(offsetof(queue_header, tickets) == 0x80);
static_assert(offsetof(queue_header, work) == 0xc0);
static_assert(offsetof(queue_header, opened) == 0x140);
static_assert(offsetof(queue_header, expired) == 0x200);
static_assert(offsetof(queue_header, staged) == 0x240);
static_assert(sizeof(queue_header) == 0x2c0);

enum class page_state : std::uint32_t {
    free = 0,     ///< nobody's; keeps its last number
    opening = 1,  ///< taken by its seat, and nobody walks there
    open = 2,     ///< its seat appends to it
    closed = 3,   ///< nothing is appended any more
    tail = 4,     ///< behind the page before it, for one long record
    ending = 5,   ///< as open, but whoever appends begins nothing there any more
};

///     | number: 42 | sitting: 6 | seat: 9 | priority: 4 | state: 3 |
///
/// A number is given once; `sitting` counts who went on in the page. So no page word comes back.
class page_word {
public:
    static constexpr std::uint64_t number_max = (std::uint64_t{1} << 42) - 1;
    static constexpr std::uint32_t sitting_max = 63;

    constexpr page_word() noexcept = default;
    constexpr explicit page_word(std::uint64_t bits) noexcept : bits_{bits} {}
    constexpr page_word(std::uint64_t number, std::uint32_t seat, std::uint32_t priority,
                        page_state state) noexcept
        : bits_{number << 22 | std::uint64_t{seat} << 7 | std::uint64_t{priority} << 3 |
                static_cast<std::uint64_t>(state)} {}

    constexpr std::uint64_t bits() const noexcept { return bits_; }
    constexpr std::uint64_t number() const noexcept { return bits_ >> 22; }
    constexpr std::uint32_t sitting() const noexcept { return field(16, 6); }
    constexpr std::uint32_t seat() const noexcept { return field(7, 9); }
    constexpr std::uint32_t priority() const noexcept { return field(3, 4); }
    constexpr page_state state() const noexcept { return static_cast<page_state>(bits_ & 7); }
    constexpr std::uint16_t tag() const noexcept { return static_cast<std::uint16_t>(number()); }

    constexpr page_word as(page_state state) const noexcept {
        return page_word{(bits_ & ~std::uint64_t{7}) | static_cast<std::uint64_t>(state)};
    }
    constexpr page_word sat_down() const noexcept { return page_word{bits_ + (1u << 16)}; }

    /// Whether records may be found there.
    constexpr bool is_walked() const noexcept {
        return may_grow() || state() == page_state::closed;
    }
    /// Whether something may still come behind its last record.
    constexpr bool may_grow() const noexcept {
        return state() == page_state::open || state() == page_state::ending;
    }

    friend constexpr bool operator==(page_word, page_word) = default;

private:
    constexpr std::uint32_t field(unsigned shift, unsigned bits) const noexcept {
        return static_cast<std::uint32_t>(bits_ >> shift) & ((1u << bits) - 1);
    }

    std::uint64_t bits_ = 0;
};

enum class record_state : std::uint32_t {
    nothing = 0,   ///< nothing yet
    loaned = 1,    ///< being written by the stamp; what comes later waits
    staged = 2,    ///< there, and not yet safe; likewise
    ready = 3,     ///< to be taken by anybody
    delayed = 4,   ///< likewise, once it is due
    taken = 5,     ///< the stamp's
    finished = 6,  ///< done, and that is not yet safe
    done = 7,      ///< for good
    moving = 8,    ///< the stamp writes a copy of it to another page
    copied = 9,    ///< that copy: it counts from when the other one is done
};

///     | tag: 16 | spare: 6 | deliveries: 8 | stamp: 30 | state: 4 |
///
/// The tag is the end of the page's number: a compare-and-swap that comes when the page is used
/// anew fails.
class slot_word {
public:
    static constexpr std::uint32_t deliveries_most = 255;

    constexpr slot_word() noexcept = default;
    constexpr explicit slot_word(std::uint64_t bits) noexcept : bits_{bits} {}
    constexpr slot_word(std::uint16_t tag, record_state state, std::uint32_t deliveries = 0,
                        stamp owner = {}) noexcept
        : bits_{std::uint64_t{tag} << 48 | std::uint64_t{deliveries} << 34 |
                std::uint64_t{owner.bits()} << 4 | static_cast<std::uint64_t>(state)} {}

    constexpr std::uint64_t bits() const noexcept { return bits_; }
    constexpr std::uint16_t tag() const noexcept { return static_cast<std::uint16_t>(bits_ >> 48); }
    constexpr record_state state() const noexcept { return static_cast<record_state>(bits_ & 15); }
    constexpr std::uint32_t deliveries() const noexcept {
        return static_cast<std::uint32_t>(bits_ >> 34) & 255;
    }
    constexpr stamp owner() const noexcept {
        return stamp::of(static_cast<std::uint32_t>(bits_ >> 4) & stamp::mask);
    }

    /// The same record in another state, nobody's or `owner`'s.
    constexpr slot_word as(record_state state, stamp owner = {}) const noexcept {
        return slot_word{tag(), state, deliveries(), owner};
    }
    constexpr slot_word taken_by(stamp owner) const noexcept {
        const std::uint32_t begun = deliveries() + (deliveries() < deliveries_most ? 1 : 0);
        return slot_word{tag(), record_state::taken, begun, owner};
    }

private:
    std::uint64_t bits_ = 0;
};

/// In `flags` of a slot: which extras it has, in this order behind the payload, each at a multiple
/// of 8.
enum slot_flags : std::uint16_t {
    slot_is_inline = 1,      ///< the payload lies in the slot, and there are no extras
    slot_has_expiry = 2,     ///< u64
    slot_has_id = 4,         ///< 16 bytes
    slot_has_reply = 8,      ///< bytes u64, and the name
    slot_is_dead = 16,       ///< reason u32 | former priority u32, bytes of the text u64, and it
    slot_has_identity = 32,  ///< u64
};

inline constexpr std::size_t inline_bytes_max = 24;

/// One record. All but the word is written by who owns the word, before the next change of it.
///
///     +0   word u64
///     +8   bytes u32 | check u32          of the payload; over all that does not change
///     +16  pushed_ns u64 | due_ns u64     of CLOCK_MONOTONIC
///     +32  line u32 | flags u16 | extras_bytes u16     where the payload begins, in its page
///     +40  a payload of up to 24 bytes without extras
struct queue_slot {
    shared_word<std::uint64_t> word;
    shared_word<std::uint64_t> bytes_and_check;
    shared_word<std::uint64_t> pushed_ns;
    shared_word<std::uint64_t> due_ns;
    shared_word<std::uint64_t> where;
    shared_word<std::uint64_t> inlined[inline_bytes_max / word_bytes];
};
static_assert(sizeof(queue_slot) == line_bytes);

/// Where the one who sits in a seat appends just now. Written by that one alone; a dead one's word
/// means nothing, and whoever sits there next clears it.
struct queue_pusher {
    alignas(line_bytes) shared_word<std::uint32_t> writing;  ///< a page + 1; 0: nowhere
};
static_assert(sizeof(queue_pusher) == line_bytes);

/// Eight ids of pushed messages. An entry is written by who owns `lock`; `pending` by its stamp
/// too.
///
///     +0   lock u32, owned
///     +64  8 x {id 16 bytes | time_ns u64, 0: nothing | pending u64}
struct queue_id_entry {
    shared_word<std::uint64_t> id[2];
    shared_word<std::uint64_t> time_ns;
    shared_word<std::uint64_t> pending;  ///< the stamp of who is about to push; 0: it is pushed
};
inline constexpr std::uint32_t ids_in_set = 8;
struct queue_id_set {
    alignas(line_bytes) shared_word<std::uint32_t> lock;
    alignas(line_bytes) queue_id_entry entry[ids_in_set];
};
static_assert(sizeof(queue_id_set) == 5 * line_bytes);

constexpr std::uint64_t up_to_line(std::uint64_t bytes) {
    return (bytes + line_bytes - 1) / line_bytes * line_bytes;
}
constexpr std::uint64_t up_to_word(std::uint64_t bytes) {
    return (bytes + word_bytes - 1) / word_bytes * word_bytes;
}
constexpr std::uint64_t queue_geometry::page_words_offset() const {
    return sizeof(queue_header) + up_to_line(type_bytes);
}
constexpr std::uint64_t queue_geometry::pushers_offset() const {
    return page_words_offset() + up_to_line(pages * word_bytes);
}
constexpr std::uint64_t queue_geometry::ids_offset() const {
    return pushers_offset() + seats * sizeof(queue_pusher);
}
constexpr std::uint64_t queue_geometry::slots_offset() const {
    return ids_offset() + id_sets * sizeof(queue_id_set);
}
constexpr std::uint64_t queue_geometry::pages_offset() const {
    return slots_offset() + std::uint64_t{pages} * slots * sizeof(queue_slot);
}
constexpr std::uint64_t queue_geometry::bytes() const {
    return pages_offset() + std::uint64_t{pages} * page_bytes;
}

/// What a new queue begins with: its header and type; zeros follow.
std::string queue_beginning(const queue_geometry& shape, std::span<const std::byte> type);

/// What is wrong with a queue of `bytes` bytes; null where it is sound, and then `shape` is what it
/// says. `other_version`: all that is wrong is that it is of another version.
const char* flaw_of(const std::byte* memory, std::uint64_t bytes, queue_geometry& shape,
                    bool& other_version) noexcept;

/// A queue's bytes, by their places. Copied freely; the memory outlives it.
class queue_words {
public:
    queue_words(std::byte* memory, const queue_geometry& shape) noexcept
        : memory_{memory},
          shape_{shape},
          pages_{reinterpret_cast<shared_word<std::uint64_t>*>(memory + shape.page_words_offset())},
          slots_{reinterpret_cast<queue_slot*>(memory + shape.slots_offset())},
          payloads_{memory + shape.pages_offset()} {}

    const queue_geometry& shape() const noexcept { return shape_; }
    queue_header& header() const noexcept { return *reinterpret_cast<queue_header*>(memory_); }
    std::span<const std::byte> type() const noexcept {
        return {memory_ + sizeof(queue_header), shape_.type_bytes};
    }
    shared_word<std::uint64_t>& page(std::uint32_t page) const noexcept { return pages_[page]; }
    /// As it is now, and with it all that came before.
    page_word see_page(std::uint32_t number) const noexcept {
        return page_word{page(number).load(std::memory_order_acquire)};  // SYNC page
    }
    queue_pusher& pusher(std::uint32_t seat) const noexcept {
        return reinterpret_cast<queue_pusher*>(memory_ + shape_.pushers_offset())[seat];
    }
    queue_slot& slot(std::uint32_t page, std::uint32_t slot) const noexcept {
        return slots_[std::uint64_t{page} * shape_.slots + slot];
    }
    std::byte* payload(std::uint32_t page) const noexcept {
        return payloads_ + std::uint64_t{page} * shape_.page_bytes;
    }
    queue_id_set& ids(std::uint32_t set) const noexcept {
        return reinterpret_cast<queue_id_set*>(memory_ + shape_.ids_offset())[set];
    }

private:
    std::byte* memory_;
    queue_geometry shape_;
    shared_word<std::uint64_t>* pages_;
    queue_slot* slots_;
    std::byte* payloads_;
};

}  // namespace signet::memory
