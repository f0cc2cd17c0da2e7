// SPDX-License-Identifier: Apache-2.0
// MessagePack as JSON and back, where nobody knows the type: calls in JSON, services of others.
// What is read may come from a hostile peer; it is walked over without recursion. Pure functions;
// any thread.
//
//     nil, booleans, integers, text, lists   as they are
//     floating point                         "nan", "inf", "-inf" as text, where JSON has no number
//     bytes                                  text in base64
//     map                                    object where its keys are text, else a list of pairs
//     ext                                    {"ext": type, "data": base64}
//
// Back: a number is an integer where it is spelled as one and has 64 bits, else float 64; what has
// no place there either is no JSON to us. An object is a map with its members in their order, also
// those that come twice.
#pragma once

#include <signet/wire/json.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::wire {

/// Appends the value that all of `value` is. Throws `error`: incompatible_type where it is none, or
/// a map with keys of several kinds; too_large above `json_bytes_max`. `out` is then half written.
void append_untyped_json(std::string& out, std::span<const std::byte> value,
                         json_style style = json_style::one_line);

/// One value. None: `json` is no JSON.
std::optional<std::vector<std::byte>> parse_untyped_json(std::string_view json);

}  // namespace signet::wire
