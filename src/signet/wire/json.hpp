// SPDX-License-Identifier: Apache-2.0
// Any message as JSON, with nothing but its descriptor. Both may come from a hostile peer. Pure
// functions; any thread. json_reader.hpp goes the other way.
//
//     struct, array       object, array
//     bool                true or false
//     integer, enum       number, exact in all 64 bits
//     float               the shortest number that reads back the same; "nan", "inf" and "-inf",
//                         which JSON has no numbers for, as text
//     char, array of char text up to the first NUL; what is not UTF-8 as U+FFFD
//     text, list of char  text
//     bytes, codecs       text in base64
//     record, list        object, array
//     map                 object where its keys are text, else an array of pairs
//     optional            null, or the value
//     variant             object of one member, named by its type: {"i32": 5}; {"i32#2": 5} where
//                         two alternatives have the same name
#pragma once

#include <signet/wire/descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace signet::wire {

enum class json_style : std::uint8_t {
    one_line,
    indented,  ///< a line per field; arrays of numbers stay on one line
};

/// The JSON of one message. A few bytes of a hostile type could otherwise become any amount of
/// text.
inline constexpr std::size_t json_bytes_max = std::size_t{64} << 20;

/// Appends the message to `out`, without a line end. Throws `error`: peer_misbehaved if `payload`
/// is not a message of the type, too_large above `json_bytes_max`; `out` is then half written.
void append_json(std::string& out, const type_descriptor& type, std::span<const std::byte> payload,
                 json_style style = json_style::one_line);

/// The same of one value of MessagePack, as a call carries it, whatever its type.
void append_value_json(std::string& out, const type_descriptor& type,
                       std::span<const std::byte> value, json_style style = json_style::one_line);

/// Appends `text` in quotes. Control characters are escaped, so that it can go to a terminal.
void append_json_text(std::string& out, std::string_view text);

}  // namespace signet::wire
