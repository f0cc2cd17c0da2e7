// SPDX-License-Identifier: Apache-2.0
// The bytes of a topic in shared memory: the publisher's segment, the subscriber's page, the bell
// page. Who writes which word, and what holds if the writer dies there: docs/design/topic-ring.md.
// The same drawings stand in docs/formats.md. Plain structs over mapped memory; no ownership.
#pragma once

#include <signet/memory/access.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace signet::memory {

inline constexpr std::uint32_t topic_layout_version = 3;
inline constexpr std::size_t line_bytes = 64;
inline constexpr std::size_t page_bytes = 4096;

constexpr std::uint64_t round_up(std::uint64_t bytes, std::uint64_t step) {
    return (bytes + step - 1) / step * step;
}

/// The numbers that shape a segment. Fixed at creation; both sides keep them in private memory.
struct topic_geometry {
    std::uint64_t depth = 0;              ///< slots, a power of two
    std::uint64_t slot_bytes = 0;         ///< 32 to 256, a multiple of 16
    std::uint64_t payload_bytes_max = 0;  ///< of one message, in the largest chunks there may be
    std::uint64_t chunk_bytes = 0;  ///< of the chunks that come with the slots; 0: there are none
    std::uint64_t chunk_count = 0;  ///< in each extent
    bool timed = false;             ///< the last word of each slot is the time of its message

    constexpr std::uint64_t inline_bytes_max() const { return slot_bytes - (timed ? 24 : 16); }
    constexpr std::uint64_t batch() const { return depth < 4 ? 1 : depth / 4; }
    constexpr std::uint64_t slots_offset() const { return page_bytes; }
    constexpr std::uint64_t chunks_offset() const {
        return slots_offset() + (depth * slot_bytes + page_bytes - 1) / page_bytes * page_bytes;
    }
    constexpr std::uint64_t segment_bytes() const {
        return (chunks_offset() + chunk_count * chunk_bytes + page_bytes - 1) / page_bytes *
               page_bytes;
    }

    /// Whether a peer may announce this: every product and sum above stays far from overflow.
    bool sound() const noexcept;

    friend bool operator==(const topic_geometry&, const topic_geometry&) = default;
};

/// The most a segment may span; sparse until used.
inline constexpr std::uint64_t segment_bytes_max = std::uint64_t{1} << 44;

/// What a publisher counts besides, on its slow paths: written by the publishing thread alone.
/// Nobody decides anything by it.
struct publisher_counts {
    shared_word<std::uint64_t> waits;         ///< times it waited for blocking subscribers
    shared_word<std::uint64_t> waited_ns;     ///< how long in all
    shared_word<std::uint64_t> evicted;       ///< subscribers that held it back for too long
    shared_word<std::uint64_t> memory_bytes;  ///< that have memory behind them
    shared_word<std::uint64_t> limbo_chunks;  ///< retired, but still being read
    shared_word<std::uint64_t> extents;       ///< chunk segments, the first one included
};

/// The first page of a segment.
///
///     0x000  magic u64 | version u32 | reserved        written once, before the segment is shared
///     0x040  frontier u64                              messages below may be overwritten
///     0x048  passing u64                               1: so may those at a cursor, but not at a
///                                                      hazard
///     0x080  published u64 | bytes u64                 so far; for onlookers
///     0x0c0  publisher_counts                          for onlookers
///     0x1000 slots, then chunks (page aligned)
struct segment_header {
    shared_word<std::uint64_t> magic;
    shared_word<std::uint32_t> version;
    std::byte reserved0[52];
    alignas(line_bytes) shared_word<std::uint64_t> frontier;
    shared_word<std::uint64_t> passing;
    alignas(line_bytes) shared_word<std::uint64_t> published;
    shared_word<std::uint64_t> bytes;  ///< of payload; where all messages have one size it stays 0
    alignas(line_bytes) publisher_counts counts;
};
static_assert(offsetof(segment_header, frontier) == 0x40);
static_assert(offsetof(segment_header, published) == 0x80);
static_assert(offsetof(segment_header, counts) == 0xc0);
static_assert(sizeof(segment_header) <= page_bytes);

inline constexpr std::uint64_t segment_magic = 0x31676573'7467'6e73;  // "sngtseg1"

/// One message in the ring: this header, then room for an inline payload, `slot_bytes` in all.
///
///     +0   stamp u64    message number + 1; 0: never used
///     +8   shape u64    | in chunk: 1 | extent: 7 | index: 24 | payload bytes: 32 |
///     +16  payload      as relaxed words
///     -8   time u64     when it was published, nanoseconds of CLOCK_MONOTONIC; in timed rings only
struct slot {
    shared_word<std::uint64_t> stamp;
    shared_word<std::uint64_t> shape;

    shared_word<std::uint64_t>* payload() noexcept {
        return reinterpret_cast<shared_word<std::uint64_t>*>(this + 1);
    }
    const shared_word<std::uint64_t>* payload() const noexcept {
        return reinterpret_cast<const shared_word<std::uint64_t>*>(this + 1);
    }

    /// The last word of a slot of `bytes` bytes.
    shared_word<std::uint64_t>& time(std::uint64_t bytes) noexcept {
        return reinterpret_cast<shared_word<std::uint64_t>*>(this)[bytes / word_bytes - 1];
    }
    const shared_word<std::uint64_t>& time(std::uint64_t bytes) const noexcept {
        return reinterpret_cast<const shared_word<std::uint64_t>*>(this)[bytes / word_bytes - 1];
    }
};
static_assert(sizeof(slot) == 16);

/// Slots are a multiple of this, from one line's half to four lines.
inline constexpr std::uint64_t slot_bytes_min = 32;
inline constexpr std::uint64_t slot_bytes_max = 256;
inline constexpr std::uint64_t slot_bytes_step = 16;

/// The most that lies in a slot of the largest size.
inline constexpr std::size_t inline_bytes_limit = slot_bytes_max - sizeof(slot);
static_assert(inline_bytes_limit == 240, "the documentation of publisher says so");

/// Chunks lie in extents: the first in the segment behind the slots, each further one in a memory
/// file of its own, with larger chunks. A chunk is named by its extent and its index there.
inline constexpr std::uint32_t extents_max = 32;
inline constexpr std::uint32_t extent_chunks_max = 1u << 24;

constexpr std::uint32_t chunk_name(std::uint32_t extent, std::uint32_t index) {
    return extent << 24 | index;
}
constexpr std::uint32_t extent_of(std::uint32_t chunk) {
    return chunk >> 24;
}
constexpr std::uint32_t index_in_extent(std::uint32_t chunk) {
    return chunk & (extent_chunks_max - 1);
}

/// `slot::shape`, unpacked.
struct payload_shape {
    std::uint32_t bytes;
    std::uint32_t chunk;  ///< no_chunk: the payload lies in the slot

    static constexpr std::uint32_t no_chunk = 0xffff'ffff;

    static constexpr std::uint64_t of_inline(std::uint64_t bytes) { return bytes; }
    static constexpr std::uint64_t of_chunk(std::uint64_t bytes, std::uint64_t chunk) {
        return std::uint64_t{1} << 63 | chunk << 32 | bytes;
    }
    static constexpr payload_shape unpack(std::uint64_t shape) {
        const auto bytes = static_cast<std::uint32_t>(shape);
        const bool in_chunk = shape >> 63 != 0;
        return {bytes, in_chunk ? static_cast<std::uint32_t>(shape >> 32) & 0x7fff'ffff : no_chunk};
    }
};

inline constexpr std::uint64_t payload_bytes_limit = 0xffff'ffff;
inline constexpr std::uint32_t held_max_limit = 480;  ///< hazards that fit a subscriber page

/// The cursor of a subscriber that reads no more and only holds.
inline constexpr std::uint64_t cursor_abandoned = ~std::uint64_t{0};

/// A histogram of durations: four buckets for each doubling, from 0 ns up to hours.
inline constexpr std::size_t latency_buckets = 176;

/// The bucket of a duration: exact below 4 ns, within a quarter above.
constexpr std::size_t latency_bucket(std::uint64_t ns) {
    if (ns < 4) return ns;
    const auto octave = static_cast<std::size_t>(std::bit_width(ns)) - 1;
    return std::min(latency_buckets - 1, (octave - 1) * 4 + (ns >> (octave - 2)) % 4);
}

/// The shortest duration in a bucket.
constexpr std::uint64_t latency_of_bucket(std::size_t bucket) {
    if (bucket < 4) return bucket;
    return (4 + std::uint64_t{bucket} % 4) << (bucket / 4 - 1);
}

/// What a subscriber writes for its publisher and for onlookers: three pages, one writer. The
/// second has memory only where it may hold, the third only where messages are timed.
///
///     0x000  magic u64 | version u32 | reserved        written once, before the page is shared
///     0x040  cursor u64    done with all messages below; all ones: reads no more
///     0x048  start u64     the first message it was to read; for onlookers
///     0x050  lost u64      messages overwritten before they were read; for onlookers
///     0x058  skipped u64   messages passed over because newer ones were there; for onlookers
///     0x060  opened u64    above the cursor: the message at the cursor is being read in place; for
///                          onlookers
///     0x080  hazard u64 [held_max]   message number + 1 while it is read in place; 0: none
///     0x1000 since u64 [held_max]    when that hold began; for onlookers
///     0x2000 latency u64 [latency_buckets]   messages of a timed ring by age when they were read;
///                                            for onlookers
struct subscriber_page {
    shared_word<std::uint64_t> magic;
    shared_word<std::uint32_t> version;
    std::byte reserved0[52];
    alignas(line_bytes) shared_word<std::uint64_t> cursor;
    shared_word<std::uint64_t> start;
    shared_word<std::uint64_t> lost;
    shared_word<std::uint64_t> skipped;
    shared_word<std::uint64_t> opened;
    alignas(line_bytes) shared_word<std::uint64_t> hazard[held_max_limit];
    std::byte reserved1[page_bytes - 0x80 - held_max_limit * 8];
    shared_word<std::uint64_t> since[held_max_limit];
    std::byte reserved2[page_bytes - held_max_limit * 8];
    shared_word<std::uint64_t> latency[latency_buckets];
    std::byte reserved3[page_bytes - latency_buckets * 8];
};
static_assert(offsetof(subscriber_page, cursor) == 0x40);
static_assert(offsetof(subscriber_page, opened) == 0x60);
static_assert(offsetof(subscriber_page, hazard) == 0x80);
static_assert(offsetof(subscriber_page, since) == 0x1000);
static_assert(offsetof(subscriber_page, latency) == 0x2000);
static_assert(sizeof(subscriber_page) == 3 * page_bytes);

inline constexpr std::uint64_t subscriber_magic = 0x31627573'7467'6e73;  // "sngtsub1"

/// One bell: hints that every member of the trust group may write (docs/design/bells.md).
///
///     +0  word u32     | on_board | generation: 27 | sticky | fencing | armed_fd | armed |
///     +4  epoch u32    counts rings; sleepers wait for it to change
///     +8  told_at u32  of on_board: where the sleeper is told (ready_board.hpp)
struct alignas(line_bytes) bell_words {
    shared_word<std::uint32_t> word;
    shared_word<std::uint32_t> epoch;
    shared_word<std::uint32_t> told_at;
};
static_assert(sizeof(bell_words) == line_bytes);

/// The bell page of one publisher and one trust group.
///
///     0x000  data   subscribers sleep, the publisher rings
///     0x040  room   the publisher sleeps, blocking subscribers ring
struct bell_page {
    bell_words data;
    bell_words room;
};
static_assert(offsetof(bell_page, room) == 0x40);

}  // namespace signet::memory
