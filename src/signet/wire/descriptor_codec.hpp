// SPDX-License-Identifier: Apache-2.0
// Type descriptors as bytes, for the handshake and for recorded files: compact and complete in
// themselves. Pure functions; any thread.
//
//     [version, [type, ...]]                 the last type is the message
//
//     type   kind                            a scalar, text or bytes: the number of its type_kind
//            [12, name, element]             enumeration
//            [13, element, count]            array
//            [14, name, size, alignment, [[name, type, offset], ...]]      structure
//            [17, element]                   list
//            [18, key, element]              map
//            [19, element]                   optional
//            [20, [type, ...]]               variant
//            [21, name, [[name, type], ...]] record
//            [22, name]                      foreign
//
// `element`, `key` and `type` are indexes of earlier types. Sizes and alignments of everything but
// structures follow from the rest. All of it is MessagePack.
#pragma once

#include <signet/wire/descriptor.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace signet::wire {

inline constexpr std::uint64_t descriptor_version = 1;

/// Leaves room in a control frame for what stands beside it.
inline constexpr std::size_t descriptor_bytes_max = 48 * 1024;

/// Throws `error` (too_large) if it would need more than `descriptor_bytes_max`.
std::vector<std::byte> encode(const type_descriptor& descriptor);

/// Reads what a peer wrote. Throws `error` (peer_misbehaved, or incompatible_version) that says
/// what is wrong with it.
type_descriptor decode_descriptor(std::span<const std::byte> encoded);

}  // namespace signet::wire
