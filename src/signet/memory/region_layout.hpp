// SPDX-License-Identifier: Apache-2.0
// The bytes of a region: a file that many processes map to read and write. Who may write which
// word, and what holds if the writer dies there: docs/design/regions.md. The same drawings stand in
// docs/formats.md. Plain structs over mapped memory; no ownership. What is read here was written by
// others: `flaw_of` checks what is fixed, and offsets are checked where they are used.
#pragma once

#include <signet/memory/access.hpp>
#include <signet/memory/stamp.hpp>
#include <signet/memory/topic_layout.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signet::memory {

inline constexpr std::uint32_t region_layout_version = 1;
inline constexpr std::uint64_t region_magic = 0x316e6f69'67657253;  // "Sregion1"

/// The numbers that shape a region. Fixed at creation.
struct region_geometry {
    std::uint64_t bytes = 0;    ///< of the whole file
    std::uint32_t seats = 0;    ///< 1 to `seats_limit`
    std::uint32_t objects = 0;  ///< named objects it may hold

    constexpr std::uint64_t seats_offset() const { return page_bytes; }
    constexpr std::uint64_t objects_offset() const;
    constexpr std::uint64_t heap_offset() const;

    /// The smallest region with so many seats and objects: the lists of the heap, and some blocks.
    constexpr std::uint64_t bytes_min() const;

    /// Whether this shape can be: it has a place for everything, and no sum overflows.
    bool sound() const noexcept;

    friend bool operator==(const region_geometry&, const region_geometry&) = default;
};

/// A word that is changed with others, all of them or none (redo_log.hpp).
struct redo_entry {
    shared_word<std::uint64_t> offset;
    shared_word<std::uint64_t> value;
};

/// Enough for a directory entry with the longest name, 30 words, and the heap's part of it: 19.
inline constexpr std::size_t redo_entries_max = 64;

/// The first page.
///
///     0x000  magic u64 | version u32 | check u32      written once, before the file has its name
///     0x010  bytes u64 | seats u32 | objects u32      likewise; `check` is over all of these
///     0x020  id u64                                   likewise; random
///     0x040  joined u32                               how often a seat was taken; watches sleep on
///                                                     it
///     0x080  keeper u32                               a stamped lock over the log, heap, directory
///     0x0c0  redo_count u64                           entries below that are valid: all or none
///     0x0c8  redo entries {offset u64, value u64}     written by who holds `keeper`
struct region_header {
    shared_word<std::uint64_t> magic;
    shared_word<std::uint32_t> version;
    shared_word<std::uint32_t> check;
    shared_word<std::uint64_t> bytes;
    shared_word<std::uint32_t> seats;
    shared_word<std::uint32_t> objects;
    shared_word<std::uint64_t> id;
    alignas(line_bytes) shared_word<std::uint32_t> joined;
    alignas(line_bytes) shared_word<std::uint32_t> keeper;
    alignas(line_bytes) shared_word<std::uint64_t> redo_count;
    redo_entry redo[redo_entries_max];
};
static_assert(offsetof(region_header, joined) == 0x40);
static_assert(offsetof(region_header, keeper) == 0x80);
static_assert(offsetof(region_header, redo_count) == 0xc0);
static_assert(sizeof(region_header) <= page_bytes);

/// One process's place. `word` decides; the rest is written by who sits there, for people.
///
///     +0   word u32        | generation: 21 | state: 2 |
///     +4   heart u32       the kernel marks it when the process ends (os/heart.hpp); a hint
///     +8   pid u32 | uid u32
///     +16  since u64       nanoseconds of CLOCK_REALTIME
///     +24  command         up to 16 bytes, as two words
struct seat_entry {
    shared_word<std::uint32_t> word;
    shared_word<std::uint32_t> heart;
    shared_word<std::uint32_t> pid;
    shared_word<std::uint32_t> uid;
    shared_word<std::uint64_t> since;
    shared_word<std::uint64_t> command[2];
    std::byte reserved[24];
};
static_assert(sizeof(seat_entry) == line_bytes);

enum class seat_state : std::uint32_t {
    free = 0,    ///< to be taken by who locks its byte
    active = 1,  ///< taken; its owner lives as long as its byte is locked
    dead = 2,    ///< its owner is known to be gone; what it owned is being taken back
};

constexpr std::uint32_t seat_word(std::uint32_t generation, seat_state state) noexcept {
    return generation << 2 | static_cast<std::uint32_t>(state);
}
constexpr std::uint32_t seat_generation(std::uint32_t word) noexcept {
    return (word >> 2) & stamp::generation_max;
}

constexpr bool is_active(std::uint32_t word) noexcept {
    return (word & 3) == static_cast<std::uint32_t>(seat_state::active);
}
constexpr bool is_free(std::uint32_t word) noexcept {
    return (word & 3) == static_cast<std::uint32_t>(seat_state::free);
}

/// What a named object is. The numbers are part of the format.
enum class object_kind : std::uint32_t {
    none = 0,
    mutex = 1,
    condition_variable = 2,
    semaphore = 3,
    shared_mutex = 4,
    once_flag = 5,
    event = 6,
    barrier = 7,
    latch = 8,
    permit_pool = 9,
    shared = 10,     ///< an object of plain data
    structure = 11,  ///< what users build on the heap
    queue = 12,      ///< messages (queue_layout.hpp)
};

inline constexpr std::size_t object_name_bytes_max = 200;

/// In the first word of a barrier or latch: | rounds: 24 | deaths: 7 | somebody sleeps: 1 |.
inline constexpr unsigned meeting_round_shift = 8;

/// An entry of the directory. Written in one step with what the heap does for it (redo_log.hpp) by
/// who holds `keeper`, and never changed after that: objects live as long as their region.
///
///     +0   kind u32 | check u32     kind 0: no object; `check` is over all that follows
///     +8   offset u64 | bytes u64   where it lies
///     +24  shape u64                what its kind says: a count, a hash of a type
///     +32  name_bytes u64 | name
struct object_entry {
    shared_word<std::uint64_t> kind_and_check;
    shared_word<std::uint64_t> offset;
    shared_word<std::uint64_t> bytes;
    shared_word<std::uint64_t> shape;
    shared_word<std::uint64_t> name_bytes;
    shared_word<std::uint64_t> name[object_name_bytes_max / word_bytes];
    std::byte reserved[16];
};
static_assert(sizeof(object_entry) == 256);

/// An entry's words behind the first, as they are checked: offset, bytes, shape, name_bytes, name.
using entry_words = std::array<std::uint64_t, 4 + object_name_bytes_max / word_bytes>;

/// The first word of an entry of that kind with these words.
std::uint64_t kind_and_check(object_kind kind, const entry_words& words) noexcept;

constexpr std::uint64_t up_to_page(std::uint64_t bytes) {
    return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}
constexpr std::uint64_t region_geometry::objects_offset() const {
    return seats_offset() + up_to_page(seats * sizeof(seat_entry));
}
constexpr std::uint64_t region_geometry::heap_offset() const {
    return objects_offset() + up_to_page(objects * sizeof(object_entry));
}
constexpr std::uint64_t region_geometry::bytes_min() const {
    return heap_offset() + 2 * page_bytes;
}

/// Writes a header into fresh memory of that shape.
void format_region(std::byte* memory, const region_geometry& shape, std::uint64_t id) noexcept;

/// What is wrong with the header of a file of `bytes` bytes; empty where it is sound, and then
/// `shape` is what it says.
std::string flaw_of(const std::byte* memory, std::uint64_t bytes, region_geometry& shape);

}  // namespace signet::memory
