// SPDX-License-Identifier: Apache-2.0
// The bytes of the log of a durable queue (docs/design/queues.md, Durable), and how a reader tells
// what is whole. The same drawing stands in docs/formats.md. Functions without state; any thread.
//
// Numbers are little-endian, as is every machine Signet runs on; checks are CRC-32C.
//
//     segment  +0   magic "Sqlog001" u64 | version u32 = 1 | check u32   of the 64 bytes, itself as
//     0
//              +16  log u64, random      | id u64, random
//              +32  number u64           | bytes u64                     of the file
//              +48  previous id u64      | previous end u64              nothing behind it counts
//              4096 groups, each at a multiple of 4096, one behind the other
//
//     group    +0   magic u32            | entries u32
//              +8   bytes u64            from here to the end of its last entry
//              +16  segment id u64       | position u64
//              +32  tickets u64          no identity made so far names a page at or above it
//              +40  body check u32       of all behind the head
//              +44  head check u32       of the 44 bytes before
//              +48  entries, each at a multiple of 8
//
//     entry    +0   kind u16: 1 pushed, 2 done | fields bytes u16 | payload bytes u32
//              +8   identity u64
//              +16  head check u32       of segment id, position and the 16 bytes before
//              +20  body check u32       of fields and payload
//              +24  fields, payload, zeros up to a multiple of 8
#pragma once

#include <signet/os/file.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace signet::pattern {

inline constexpr std::uint64_t log_magic = 0x313030676f6c7153;
inline constexpr std::uint32_t log_version = 1;
inline constexpr std::uint32_t group_magic = 0x72677153;
inline constexpr std::uint64_t log_block_bytes = 4096;  ///< what a disk never tears a neighbour of
inline constexpr std::uint64_t segment_bytes_max = std::uint64_t{1} << 33;

struct segment_header {
    std::uint64_t magic = log_magic;
    std::uint32_t version = log_version;
    std::uint32_t check = 0;
    std::uint64_t log = 0;
    std::uint64_t id = 0;
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
    std::uint64_t previous_id = 0;  ///< 0: it is the first
    std::uint64_t previous_end = 0;
};
static_assert(sizeof(segment_header) == 64);

struct group_head {
    std::uint32_t magic = group_magic;
    std::uint32_t entries = 0;
    std::uint64_t bytes = 0;
    std::uint64_t segment = 0;
    std::uint64_t position = 0;
    std::uint64_t tickets = 0;
    std::uint32_t body_check = 0;
    std::uint32_t head_check = 0;
};
static_assert(sizeof(group_head) == 48);

struct entry_head {
    std::uint16_t kind = 0;
    std::uint16_t fields_bytes = 0;
    std::uint32_t payload_bytes = 0;
    std::uint64_t identity = 0;
    std::uint32_t head_check = 0;
    std::uint32_t body_check = 0;
};
static_assert(sizeof(entry_head) == 24);

enum class entry_kind : std::uint16_t { pushed = 1, done = 2 };

/// What became of a message. Views are valid as long as the bytes they were taken from.
struct log_entry {
    entry_kind kind = entry_kind::done;
    std::uint64_t identity = 0;
    std::span<const std::byte> fields{};  ///< at most 65535 bytes; the log does not look at them
    std::span<const std::byte> payload{};

    std::uint64_t bytes() const noexcept;
};

constexpr std::uint64_t log_round_up(std::uint64_t bytes, std::uint64_t step) {
    return (bytes + step - 1) / step * step;
}

/// Which segment a group is in, and where it begins there.
struct group_place {
    std::uint64_t segment_id = 0;
    std::uint64_t position = 0;
};

void seal(segment_header& header) noexcept;

enum class header_state { sound, of_the_future, damaged };
header_state judge(const segment_header& header) noexcept;

/// Makes `to` the bytes of a group that will lie at `place`: a multiple of 4096.
void make_group(os::direct_buffer& to, const group_place& place, std::uint64_t tickets,
                std::span<const log_entry> entries);

/// How many bytes `make_group` makes of these.
std::uint64_t group_bytes(std::span<const log_entry> entries) noexcept;

/// Whether this head is one of that place, in a segment of `segment_bytes`.
bool is_sound(const group_head& head, const group_place& place,
              std::uint64_t segment_bytes) noexcept;

/// Whether all is there: the head is sound, `group` its bytes, and each entry what it says. Then
/// `entries` are what it holds, with views of `group`.
bool take_group(std::span<const std::byte> group, const group_place& place,
                std::vector<log_entry>& entries);

/// The entry at `offset` of bytes that lie at `place`, where its own checks are right.
std::optional<log_entry> entry_at(std::span<const std::byte> bytes, std::uint64_t offset,
                                  const group_place& place) noexcept;

}  // namespace signet::pattern
