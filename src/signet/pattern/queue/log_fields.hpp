// SPDX-License-Identifier: Apache-2.0
// What the log says of a message beside its payload and identity: the fields of its entry, drawn in
// docs/formats.md. Times are of the clock on the wall there, since the other one begins anew with
// the machine. Functions without state; any thread.
//
//     +0   flags u8: 1 due, 2 expires, 4 id, 8 dead letter | priority u8 | former priority u8 |
//     reason u8 +4   reply-to bytes u16 | text bytes u16 +8   pushed u64, then as the flags say:
//     due u64, expires u64, id 16 bytes
//          reply-to, text
#pragma once

#include <signet/memory/queue_record.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace signet::pattern {

/// How far the clock on the wall is ahead of the one that queues use.
std::chrono::nanoseconds wall_offset();

/// Appends the fields to `to`; returns how many bytes.
std::size_t append_fields(std::vector<std::byte>& to, const memory::record_facts& facts,
                          std::chrono::nanoseconds wall_offset);

/// No value where they are none. Texts are views of `fields`. What was due before `now_ns` is due
/// at once.
std::optional<memory::record_facts> read_fields(std::span<const std::byte> fields,
                                                std::chrono::nanoseconds wall_offset,
                                                std::uint64_t now_ns);

}  // namespace signet::pattern
