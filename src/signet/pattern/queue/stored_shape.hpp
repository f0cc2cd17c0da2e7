// SPDX-License-Identifier: Apache-2.0
// The shape of a durable queue on the disk: the file `shape` of its directory, from which its lanes
// are made anew. Written once, before the queue is there. Any thread. Throws `error`.
//
//     +0x00  magic "Sqshape1" u64 | version u32 = 1 | check u32    of all, itself as 0
//     +0x10  bytes u64            | message_bytes_max u64
//     +0x20  id_window_ns u64     | priorities u32 | seats u32
//     +0x30  deliveries_max u32   | payload_alignment u32 | flags u32: 1 keeps what expired |
//     type_bytes u32 +0x40  type descriptor
#pragma once

#include <signet/os/directory.hpp>
#include <signet/pattern/queue/queue_terms.hpp>

#include <optional>

namespace signet::pattern {

inline constexpr const char* shape_file_name = "shape";

void store_shape(const os::directory& in, const queue_shape& shape);

/// No value where there is none. Throws where it is damaged, or of a later version.
std::optional<queue_shape> stored_shape(const os::directory& in);

}  // namespace signet::pattern
