// SPDX-License-Identifier: Apache-2.0
// The bytes of a record file, and how a reader tells a record that is whole from one whose writer
// was killed or is still at work. Functions without state; any thread. Users say record_file.hpp.
//
// Numbers are little-endian, as is every machine Signet runs on.
//
//     file    +0   magic "sngtrec1" u64
//             +8   version u32 = 1
//             +12  checksum u32        CRC-32C of magic, version and id
//             +16  id u64              random; another one after every `clear`
//             +24  zero u64
//             +32  records, one behind the other, without gaps
//
//     record  +0   mark u32            0x52676e53
//             +4   length u32          of the payload
//             +8   payload checksum u32
//             +12  frame checksum u32  CRC-32C of id, position in the file, and the three above
//             +16  payload
//
// A writer appends each record by writes from front to back, so the end of a file is a whole
// record or the first part of one. After the machine's end it may also be zeros, or a record
// of the right length with a part of its payload missing.
#pragma once

#include <signet/os/file.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace signet::os {

inline constexpr std::uint64_t record_file_magic = 0x3163657274676e73;
inline constexpr std::uint32_t record_file_version = 1;
inline constexpr std::uint32_t record_mark = 0x52676e53;

struct record_file_header {
    std::uint64_t magic = record_file_magic;
    std::uint32_t version = record_file_version;
    std::uint32_t checksum = 0;
    std::uint64_t id = 0;
    std::uint64_t zero = 0;
};
static_assert(sizeof(record_file_header) == 32);

struct record_frame {
    std::uint32_t mark = record_mark;
    std::uint32_t length = 0;
    std::uint32_t payload_checksum = 0;
    std::uint32_t frame_checksum = 0;
};
static_assert(sizeof(record_frame) == 16);

/// The longest payload; a longer one is damage.
inline constexpr std::size_t record_bytes_max = std::size_t{256} << 20;

record_file_header make_record_file_header(std::uint64_t id);

/// The id of the file; no value where it is shorter than a header. Throws `error` where it is no
/// record file, or one of another version.
std::optional<std::uint64_t> read_record_file_id(const file& from);

/// Throws `error` where a file, shorter than a header, is not one whose creator was killed.
void check_record_file_begun(const file& from);

/// Makes `to` the bytes of a record that will lie at `position`.
void make_record(std::vector<std::byte>& to, std::uint64_t id, std::uint64_t position,
                 std::span<const std::byte> payload);

enum class record_state {
    whole,
    end,      ///< the file ends where the record would begin
    torn,     ///< a first part of a record, and nothing behind it
    damaged,  ///< neither: no writer of ours leaves this, except while it works
};

struct record_reading {
    record_state state = record_state::end;
    std::uint64_t next = 0;  ///< where a whole one ends
};

/// Reads the record at `position` of a file that was `file_bytes` long; where it is whole, its
/// payload becomes `payload`. Throws `error` where the file cannot be read.
record_reading read_record(const file& from, std::uint64_t id, std::uint64_t position,
                           std::uint64_t file_bytes, std::vector<std::byte>& payload);

}  // namespace signet::os
