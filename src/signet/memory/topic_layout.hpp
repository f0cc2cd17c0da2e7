// SPDX-License-Identifier: Apache-2.0
// The bytes of a topic in shared memory: the publisher's segment, the subscriber's page, the bell
// page. Who writes which word, and what holds if the writer dies there: docs/design/topic-ring.md.
// The same drawings stand in docs/formats.md. Plain structs over mapped memory; no ownership.
#pragma once

#include <signet/memory/access.hpp>

#include <cstddef>
#include <cstdint>

namespace signet::memory {

inline constexpr std::uint32_t topic_layout_version = 1;
inline constexpr std::size_t line_bytes = 64;
inline constexpr std::size_t page_bytes = 4096;

/// The numbers that shape a segment. Fixed at creation; both sides keep them in private memory.
struct topic_geometry {
    std::uint64_t depth;              ///< slots, a power of two
    std::uint64_t slot_bytes;         ///< 32 to 256, a multiple of 16
    std::uint64_t payload_bytes_max;  ///< of one message
    std::uint64_t chunk_bytes;        ///< 0 where every payload fits a slot
    std::uint64_t chunk_count;

    constexpr std::uint64_t inline_bytes_max() const { return slot_bytes - 16; }
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

/// The first page of a segment.
///
///     0x000  magic u64 | version u32 | reserved        written once, before the segment is shared
///     0x040  frontier u64                              messages below may be overwritten
///     0x080  published u64                             messages published so far; for onlookers
///     0x1000 slots, then chunks (page aligned)
struct segment_header {
    shared_word<std::uint64_t> magic;
    shared_word<std::uint32_t> version;
    std::byte reserved0[52];
    alignas(line_bytes) shared_word<std::uint64_t> frontier;
    alignas(line_bytes) shared_word<std::uint64_t> published;
};
static_assert(offsetof(segment_header, frontier) == 0x40);
static_assert(offsetof(segment_header, published) == 0x80);
static_assert(sizeof(segment_header) <= page_bytes);

inline constexpr std::uint64_t segment_magic = 0x31676573'7467'6e73;  // "sngtseg1"

/// One message in the ring: this header, then room for an inline payload, `slot_bytes` in all.
///
///     +0   stamp u64    message number + 1; 0: never used
///     +8   shape u64    | in chunk: 1 | chunk index: 31 | payload bytes: 32 |
///     +16  payload      as relaxed words
struct slot {
    shared_word<std::uint64_t> stamp;
    shared_word<std::uint64_t> shape;

    shared_word<std::uint64_t>* payload() noexcept {
        return reinterpret_cast<shared_word<std::uint64_t>*>(this + 1);
    }
    const shared_word<std::uint64_t>* payload() const noexcept {
        return reinterpret_cast<const shared_word<std::uint64_t>*>(this + 1);
    }
};
static_assert(sizeof(slot) == 16);

/// Slots are a multiple of this, from one line's half to four lines.
inline constexpr std::uint64_t slot_bytes_min = 32;
inline constexpr std::uint64_t slot_bytes_max = 256;
inline constexpr std::uint64_t slot_bytes_step = 16;

/// The most that lies in a slot of the largest size.
inline constexpr std::size_t inline_bytes_limit = slot_bytes_max - 16;

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

/// What a subscriber writes for its publisher: one page, one writer.
///
///     0x000  magic u64 | version u32 | reserved        written once, before the page is shared
///     0x040  cursor u64    done with all messages below; all ones: reads no more
///     0x048  start u64     the first message it was to read; for onlookers
///     0x050  lost u64      messages overwritten before they were read; for onlookers
///     0x080  hazard u64 [held_max]   message number + 1 while it is read in place; 0: none
struct subscriber_page {
    shared_word<std::uint64_t> magic;
    shared_word<std::uint32_t> version;
    std::byte reserved0[52];
    alignas(line_bytes) shared_word<std::uint64_t> cursor;
    shared_word<std::uint64_t> start;
    shared_word<std::uint64_t> lost;
    alignas(line_bytes) shared_word<std::uint64_t> hazard[held_max_limit];
};
static_assert(offsetof(subscriber_page, cursor) == 0x40);
static_assert(offsetof(subscriber_page, hazard) == 0x80);
static_assert(sizeof(subscriber_page) <= page_bytes);

inline constexpr std::uint64_t subscriber_magic = 0x31627573'7467'6e73;  // "sngtsub1"

/// One bell: hints that every member of the trust group may write (docs/design/bells.md).
///
///     +0  word u32    | generation: 28 | sticky | fencing | armed_fd | armed |
///     +4  epoch u32   counts rings; sleepers wait for it to change
struct alignas(line_bytes) bell_words {
    shared_word<std::uint32_t> word;
    shared_word<std::uint32_t> epoch;
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
