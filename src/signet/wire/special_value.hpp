// SPDX-License-Identifier: Apache-2.0
// What an argument or a result can be beside a value: something that only means anything on the
// connection it travels on. An extension of MessagePack with a number; docs/design/services.md
// says what each is. Pure functions; any thread.
//
//     d6 <kind: 1> <number: 4, big-endian>
#pragma once

#include <signet/wire/cursor.hpp>
#include <signet/wire/format.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace signet::wire {

enum class special : std::uint8_t {
    none = 0,
    descriptor = 0x44,  ///< 'D': an open file that comes with the frame
    function = 0x46,    ///< 'F': of who sent the frame, to be called back
    result = 0x52,      ///< 'R': of the call with that id, of the same connection
    stream = 0x54,      ///< 'T': who sent the frame writes it
};

struct special_value {
    special kind = special::none;
    std::uint32_t number = 0;

    static constexpr std::size_t bytes = 6;
};

/// Into room for special_value::bytes.
inline void put_special(std::byte* to, special_value what) {
    to = format::put_mark(to, format::fixext4);
    format::put_word(to, static_cast<unsigned>(what.kind), what.number);
}

inline void append_special(std::vector<std::byte>& into, special_value what) {
    into.resize(into.size() + special_value::bytes);
    put_special(into.data() + into.size() - special_value::bytes, what);
}

/// What stands at the begin of `bytes`; none: a value.
inline special_value read_special(std::span<const std::byte> bytes) {
    if (bytes.size() < special_value::bytes) return {};
    if (detail::load_once<std::uint8_t>(bytes.data()) != format::fixext4) return {};
    const special kind{detail::load_once<std::uint8_t>(bytes.data() + 1)};
    switch (kind) {
        case special::descriptor:
        case special::function:
        case special::result:
        case special::stream: return {kind, detail::load_once<std::uint32_t>(bytes.data() + 2)};
        case special::none: break;
    }
    return {};
}

}  // namespace signet::wire
