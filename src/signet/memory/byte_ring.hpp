// SPDX-License-Identifier: Apache-2.0
// The byte ring: one writer, one reader, messages of any length in the order they were written. The
// protocol, what a death at each step leaves, and what garbage does: docs/design/byte-ring.md; the
// labels W1..W5, T1..T4 below are the steps there.
//
// Thread safety: a writer and a reader belong to one thread at a time each. Nothing here blocks or
// calls the kernel; what needs memory says so (ring_range). What the other end wrote is loaded once
// and checked.
#pragma once

#include <signet/memory/topic_layout.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace signet::memory {

inline constexpr std::uint32_t byte_ring_version = 2;
inline constexpr std::uint64_t byte_ring_magic = 0x31676e72'7467'6e73;  // "sngtrng1"

/// The first page of an end's segment; the end writes it, the other one reads it.
///
///     0x000  magic u64 | version u32 | reserved   written once, before the segment is shared
///     0x040  lap u64      as a reader: it holds nothing of the laps below this one
///     0x048  closed u32   1: it has closed, and receives no more
///     0x080  ended u64    as a writer: 1 + the messages it sent in all; 0: it may send more
///     0x1000 the two halves of the ring that it writes
struct ring_page {
    shared_word<std::uint64_t> magic;
    shared_word<std::uint32_t> version;
    std::byte reserved0[52];
    alignas(line_bytes) shared_word<std::uint64_t> lap;
    shared_word<std::uint32_t> closed;
    alignas(line_bytes) shared_word<std::uint64_t> ended;
};
static_assert(offsetof(ring_page, lap) == 0x40);
static_assert(offsetof(ring_page, closed) == 0x48);
static_assert(offsetof(ring_page, ended) == 0x80);
static_assert(sizeof(ring_page) <= page_bytes);

/// What a message has beside its payload; it came another way, before the message.
enum class beside : std::uint64_t { nothing = 0, files = 1 };

/// The word before each message. Zero says that nothing is there yet.
///
///     | 1 | number of the message: 31 | 0: 3 | beside: 1 | payload bytes: 28 |
struct record_word {
    static constexpr unsigned bytes_bits = 28;
    static constexpr std::uint64_t bytes_max = (std::uint64_t{1} << bytes_bits) - 1;

    static constexpr std::uint64_t of(std::uint64_t number, std::uint64_t bytes,
                                      beside what = beside::nothing) {
        return tag(number) << 32 | static_cast<std::uint64_t>(what) << bytes_bits | bytes;
    }
    static constexpr std::uint64_t tag(std::uint64_t number) {
        return (number & 0x7fff'ffff) | 0x8000'0000;
    }
};

/// A message with its word takes whole lines, so that a small one lies in one.
constexpr std::uint64_t record_bytes(std::uint64_t payload) {
    return round_up(word_bytes + payload, line_bytes);
}

/// Part of a segment.
struct ring_range {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

/// The numbers that shape a ring. Its writer chooses them; both ends keep them in private memory.
struct byte_ring_geometry {
    std::uint64_t lap_bytes = 0;          ///< records begin in this much of a half; whole lines
    std::uint64_t payload_bytes_max = 0;  ///< of one message

    constexpr std::uint64_t half_bytes() const {
        return round_up(lap_bytes + record_bytes(payload_bytes_max), page_bytes);
    }
    constexpr std::uint64_t half_offset(std::uint64_t lap) const {
        return page_bytes + lap % 2 * half_bytes();
    }
    constexpr std::uint64_t segment_bytes() const { return page_bytes + 2 * half_bytes(); }

    /// From a record to the next one of its lap.
    constexpr std::uint64_t step_bytes(std::uint64_t payload, beside what) const {
        const std::uint64_t bytes = record_bytes(payload);
        if (what == beside::nothing) return bytes;
        return std::max(bytes, round_up(lap_bytes / lap_files_max, line_bytes));
    }

    /// Whether a peer may announce this: every product and sum above stays far from overflow.
    constexpr bool sound() const {
        return lap_bytes != 0 && lap_bytes <= lap_bytes_max && lap_bytes % line_bytes == 0 &&
               payload_bytes_max != 0 && payload_bytes_max <= record_word::bytes_max;
    }

    /// Two laps hold fewer records than there are numbers.
    static constexpr std::uint64_t lap_bytes_max = std::uint64_t{1} << 34;

    /// A lap has no more messages with files than this: what comes another way needs room there.
    static constexpr std::uint64_t lap_files_max = 64;

    friend bool operator==(const byte_ring_geometry&, const byte_ring_geometry&) = default;
};

/// How much of each half has memory behind it, from its beginning.
class half_memory {
public:
    explicit half_memory(const byte_ring_geometry& geometry) noexcept : geometry_{geometry} {}

    /// Whether the first `bytes` bytes of the half of `lap` have.
    bool reaches(std::uint64_t lap, std::uint64_t bytes) const noexcept {
        return bytes <= present_[lap % 2];
    }

    /// What to put memory behind so that they do: more each time, up to a limit.
    ring_range wanted(std::uint64_t lap, std::uint64_t bytes) const noexcept;
    void made(std::uint64_t lap, const ring_range& range) noexcept {
        present_[lap % 2] = range.offset + range.bytes - geometry_.half_offset(lap);
    }

private:
    byte_ring_geometry geometry_;
    std::array<std::uint64_t, 2> present_{};
};

/// The sending end. Invariants:
/// 1. A half is written only when the reader holds nothing of the lap that lay in it before.
/// 2. Before a message is published, the word behind it, where the next one of its lap will begin,
///    is zero; so a reader never takes bytes of an older message for a word.
class byte_ring_writer {
public:
    /// `segment` is fresh memory of geometry.segment_bytes(), mapped writable, outliving this.
    byte_ring_writer(std::byte* segment, const byte_ring_geometry& geometry) noexcept;

    /// W1. Whether the next message has room. The slow path is note_reader().
    bool has_room() const noexcept { return lap_ <= reader_lap_ + 1; }

    /// What the reader says of its lap. False: no correct reader says that.
    bool note_reader(std::uint64_t lap) noexcept;
    std::uint64_t reader_lap() const noexcept { return reader_lap_; }

    /// Whether a message of `bytes` bytes has memory. If not: put some behind `wanted_memory`, and
    /// say so.
    bool has_memory(std::uint64_t bytes, beside what = beside::nothing) const noexcept {
        return memory_.reaches(lap_, reach(bytes, what));
    }
    ring_range wanted_memory(std::uint64_t bytes, beside what = beside::nothing) const noexcept {
        return memory_.wanted(lap_, reach(bytes, what));
    }
    void made_memory(const ring_range& range) noexcept { memory_.made(lap_, range); }

    /// W2. Where the next message goes, at most geometry.payload_bytes_max bytes; there is room and
    /// memory.
    std::byte* payload() noexcept { return half() + offset_ + word_bytes; }

    /// W3, W4. Publishes the first `bytes` bytes of it.
    void commit(std::uint64_t bytes, beside what = beside::nothing) noexcept {
        const std::uint64_t next = offset_ + geometry_.step_bytes(bytes, what);
        if (next < geometry_.lap_bytes) clear(next);
        word_at(offset_).store(record_word::of(number_++, bytes, what),
                               std::memory_order_release);  // W4, SYNC record
        advance(next);
    }

    /// W5. Says that no message follows.
    void end() noexcept {
        page_->ended.store(number_ + 1, std::memory_order_release);  // SYNC ended
    }

    std::uint64_t sent() const noexcept { return number_; }
    const byte_ring_geometry& geometry() const noexcept { return geometry_; }

private:
    // With the word behind the record, and the next line, which is cleared ahead of time.
    std::uint64_t reach(std::uint64_t bytes, beside what) const noexcept {
        const std::uint64_t end = offset_ + geometry_.step_bytes(bytes, what) + 2 * line_bytes;
        return end < geometry_.half_bytes() ? end : geometry_.half_bytes();
    }
    std::byte* half() const noexcept { return segment_ + geometry_.half_offset(lap_); }
    shared_word<std::uint64_t>& word_at(std::uint64_t offset) const noexcept {
        return *reinterpret_cast<shared_word<std::uint64_t>*>(half() + offset);
    }
    // W3
    void clear(std::uint64_t offset) noexcept {
        if (offset < cleared_) return;
        word_at(offset).store(0, std::memory_order_relaxed);  // relaxed: published by W4
        cleared_ = offset + line_bytes;
    }
    // The word after the next one is cleared already, when nobody waits for it: so its line is here
    // when a small message is written.
    void advance(std::uint64_t next) noexcept {
        if (next >= geometry_.lap_bytes) return begin_lap();
        offset_ = next;
        if (next + line_bytes < geometry_.lap_bytes) clear(next + line_bytes);
    }
    void begin_lap() noexcept;

    std::byte* segment_;
    ring_page* page_;
    byte_ring_geometry geometry_;
    std::uint64_t lap_ = 0;
    std::uint64_t offset_ = 0;   ///< of the next record in its half
    std::uint64_t cleared_ = 0;  ///< the words from there up to here are zero
    std::uint64_t number_ = 0;
    std::uint64_t reader_lap_ = 0;
    half_memory memory_;
};

/// What an attempt to read the next message found.
enum class byte_result {
    message,
    accompanied,  ///< a message with files beside it
    empty,        ///< nothing there yet
    absent,       ///< there may be something where nobody looked yet: make memory first
    broken,       ///< the writer wrote what no correct writer writes
};

/// The receiving end.
class byte_ring_reader {
public:
    /// `segment` is the writer's, mapped read-only; `own` is the first page of this end's own
    /// segment, in which it says how far it is. Both outlive this.
    byte_ring_reader(const std::byte* segment, const byte_ring_geometry& geometry,
                     ring_page& own) noexcept;

    /// T1..T3. The next message; `view` is valid until release().
    byte_result try_next(std::span<const std::byte>& view) noexcept;

    /// T4. Gives all messages back. Whether the writer may have waited for that.
    bool release() noexcept {
        if (said_lap_ == lap_) return false;
        own_->lap.store(lap_, std::memory_order_release);  // SYNC lap
        said_lap_ = lap_;
        return true;
    }

    /// Whether try_next() would find something other than `empty`.
    bool anything_there() const noexcept {
        return !memory_.reaches(lap_, offset_ + line_bytes) || is_record(word());
    }

    /// Whether the place of the next message has memory; if not, make some (wanted_memory).
    bool sees() noexcept {
        if (memory_.reaches(lap_, offset_ + line_bytes)) return true;
        wants(offset_ + line_bytes);
        return false;
    }

    /// Whether the writer said that nothing follows what was read.
    bool at_end() const noexcept {
        return page_->ended.load(std::memory_order_acquire) == number_ + 1;  // SYNC ended
    }

    /// After `absent`, or where it does not see.
    ring_range wanted_memory() const noexcept { return memory_.wanted(lap_, wanted_); }
    void made_memory(const ring_range& range) noexcept { memory_.made(lap_, range); }

    std::uint64_t received() const noexcept { return number_; }

private:
    const std::byte* half() const noexcept { return segment_ + geometry_.half_offset(lap_); }
    std::uint64_t word() const noexcept {
        const auto* const at =
            reinterpret_cast<const shared_word<std::uint64_t>*>(half() + offset_);
        return at->load(std::memory_order_acquire);  // T1, SYNC record
    }
    // At the beginning of a lap lies a word of an older one; elsewhere it was cleared (W3).
    bool is_record(std::uint64_t word) const noexcept {
        return word >> 32 == record_word::tag(number_) || (word != 0 && offset_ != 0);
    }
    byte_result wants(std::uint64_t bytes) noexcept {
        wanted_ = bytes;
        return byte_result::absent;
    }
    void advance(std::uint64_t next) noexcept;

    const std::byte* segment_;
    const ring_page* page_;
    ring_page* own_;
    byte_ring_geometry geometry_;
    std::uint64_t lap_ = 0;
    std::uint64_t offset_ = 0;
    std::uint64_t number_ = 0;
    std::uint64_t said_lap_ = 0;
    std::uint64_t wanted_ = 0;
    half_memory memory_;
};

/// Fills in what never changes of a fresh page.
void begin_ring_page(ring_page& fresh) noexcept;

}  // namespace signet::memory
