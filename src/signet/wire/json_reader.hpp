// SPDX-License-Identifier: Apache-2.0
// From JSON that a person wrote to the bytes of a message, with nothing but its descriptor. The
// reverse of json.hpp, and reads all that it writes, except for text that was not UTF-8. The
// descriptor may come from a hostile peer. A pure function; any thread.
#pragma once

#include <signet/wire/descriptor.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace signet::wire {

/// The largest message that JSON is read into.
inline constexpr std::uint64_t json_message_bytes_max = std::uint64_t{256} << 20;

/// A field that `json` leaves out is zero, empty, nothing, or of the first alternative, as its type
/// is; padding is zero; an array must have all of its elements.
/// Throws `error` (incompatible_type) that names the field, what it expects and what was found:
/// "field 'angles[2]' expects f32, found 'true}'"; too_large for a type above the limit.
std::vector<std::byte> parse_json(const type_descriptor& type, std::string_view json);

/// The same as one value of MessagePack, for a call, whatever its type. A field that `json` leaves
/// out must be optional.
std::vector<std::byte> parse_value_json(const type_descriptor& type, std::string_view json);

}  // namespace signet::wire
