// SPDX-License-Identifier: Apache-2.0
// The bytes of MessagePack (https://msgpack.org) that messages are made of, and how they are
// written. Only forward, each byte once, into room that is known to suffice. Pure functions; any
// thread.
//
// A number is written in the format of its own width, not in the shortest: the size of most
// messages is then known without looking at their numbers, and nothing branches on them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace signet::wire::format {

inline constexpr std::uint8_t fixmap = 0x80;
inline constexpr std::uint8_t fixarray = 0x90;
inline constexpr std::uint8_t fixstr = 0xa0;
inline constexpr std::uint8_t nil = 0xc0;
inline constexpr std::uint8_t no = 0xc2;
inline constexpr std::uint8_t yes = 0xc3;
inline constexpr std::uint8_t bin8 = 0xc4;
inline constexpr std::uint8_t bin16 = 0xc5;
inline constexpr std::uint8_t bin32 = 0xc6;
inline constexpr std::uint8_t ext8 = 0xc7;
inline constexpr std::uint8_t ext32 = 0xc9;
inline constexpr std::uint8_t f32 = 0xca;
inline constexpr std::uint8_t f64 = 0xcb;
inline constexpr std::uint8_t u8 = 0xcc;
inline constexpr std::uint8_t u64 = 0xcf;
inline constexpr std::uint8_t i8 = 0xd0;
inline constexpr std::uint8_t i64 = 0xd3;
inline constexpr std::uint8_t fixext1 = 0xd4;
inline constexpr std::uint8_t fixext4 = 0xd6;
inline constexpr std::uint8_t fixext16 = 0xd8;
inline constexpr std::uint8_t str8 = 0xd9;
inline constexpr std::uint8_t str16 = 0xda;
inline constexpr std::uint8_t str32 = 0xdb;
inline constexpr std::uint8_t array16 = 0xdc;
inline constexpr std::uint8_t array32 = 0xdd;
inline constexpr std::uint8_t map16 = 0xde;
inline constexpr std::uint8_t map32 = 0xdf;
inline constexpr std::uint8_t negative_fixint = 0xe0;

inline constexpr std::size_t count_max = 0xffffffff;

template <std::size_t Size>
using unsigned_of = std::conditional_t<
    Size == 1, std::uint8_t,
    std::conditional_t<Size == 2, std::uint16_t,
                       std::conditional_t<Size == 4, std::uint32_t, std::uint64_t>>>;

/// From the order of bytes of this machine to that of the wire, and back.
template <class Word>
constexpr Word big_endian(Word value) {
    if constexpr (sizeof(Word) == 1 || std::endian::native == std::endian::big) {
        return value;
    } else if constexpr (sizeof(Word) == 2) {
        return __builtin_bswap16(value);
    } else if constexpr (sizeof(Word) == 4) {
        return __builtin_bswap32(value);
    } else {
        return __builtin_bswap64(value);
    }
}

/// The functions below return where what they wrote ends.
inline std::byte* put_mark(std::byte* to, unsigned mark) {
    *to = static_cast<std::byte>(mark);
    return to + 1;
}

/// A mark and a word.
template <class Word>
std::byte* put_word(std::byte* to, unsigned mark, Word word) {
    to = put_mark(to, mark);
    const Word turned = big_endian(word);
    std::memcpy(to, &turned, sizeof turned);
    return to + sizeof turned;
}

inline std::byte* put_body(std::byte* to, const void* from, std::size_t bytes) {
    if (bytes != 0) std::memcpy(to, from, bytes);
    return to + bytes;
}

/// What stands before a text, bytes, an array or a map.
constexpr std::size_t text_head_bytes(std::size_t size) {
    return size < 32 ? 1 : size < 0x100 ? 2 : size < 0x10000 ? 3 : 5;
}

constexpr std::size_t bytes_head_bytes(std::size_t size) {
    return size < 0x100 ? 2 : size < 0x10000 ? 3 : 5;
}

constexpr std::size_t list_head_bytes(std::size_t count) {
    return count < 16 ? 1 : count < 0x10000 ? 3 : 5;
}

inline std::byte* put_text_head(std::byte* to, std::size_t size) {
    if (size < 32) return put_mark(to, static_cast<unsigned>(fixstr | size));
    if (size < 0x100) return put_word(to, str8, static_cast<std::uint8_t>(size));
    if (size < 0x10000) return put_word(to, str16, static_cast<std::uint16_t>(size));
    return put_word(to, str32, static_cast<std::uint32_t>(size));
}

inline std::byte* put_bytes_head(std::byte* to, std::size_t size) {
    if (size < 0x100) return put_word(to, bin8, static_cast<std::uint8_t>(size));
    if (size < 0x10000) return put_word(to, bin16, static_cast<std::uint16_t>(size));
    return put_word(to, bin32, static_cast<std::uint32_t>(size));
}

inline std::byte* put_list_head(std::byte* to, std::size_t count) {
    if (count < 16) return put_mark(to, static_cast<unsigned>(fixarray | count));
    if (count < 0x10000) return put_word(to, array16, static_cast<std::uint16_t>(count));
    return put_word(to, array32, static_cast<std::uint32_t>(count));
}

inline std::byte* put_map_head(std::byte* to, std::size_t count) {
    if (count < 16) return put_mark(to, static_cast<unsigned>(fixmap | count));
    if (count < 0x10000) return put_word(to, map16, static_cast<std::uint16_t>(count));
    return put_word(to, map32, static_cast<std::uint32_t>(count));
}

/// Of a boolean 1, of a number its mark and its width.
template <class Number>
inline constexpr std::size_t number_bytes = std::is_same_v<Number, bool> ? 1 : 1 + sizeof(Number);

template <class Number>
constexpr unsigned number_mark() {
    if constexpr (std::is_floating_point_v<Number>) {
        return sizeof(Number) == 4 ? f32 : f64;
    } else {
        const unsigned first = std::is_signed_v<Number> ? i8 : u8;
        return first + static_cast<unsigned>(std::countr_zero(sizeof(Number)));
    }
}

template <class Number>
std::byte* put_number(std::byte* to, Number value) {
    if constexpr (std::is_same_v<Number, bool>) {
        return put_mark(to, value ? yes : no);
    } else {
        return put_word(to, number_mark<Number>(),
                        std::bit_cast<unsigned_of<sizeof(Number)>>(value));
    }
}

}  // namespace signet::wire::format
