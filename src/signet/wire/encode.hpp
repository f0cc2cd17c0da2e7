// SPDX-License-Identifier: Apache-2.0
// From a message to its MessagePack: first its size, then its bytes, straight into the memory they
// are to lie in. Nothing is allocated. Pure functions; any thread, as long as nobody changes the
// message between the two calls.
//
//     bool                    bool             optional           nil, or the value
//     integer, enumeration    int of its width variant            [index, value]
//     char                    uint 8           map                map
//     float, double           float 32, 64     vector, array      array
//     std::string             str              of char            str
//     vector<std::byte>       bin              of u8, std::byte   bin
//     struct                  array of its fields as declared, without their names
//
// An array of char is written up to its last byte that is not NUL. A std::string may hold anything;
// whether it is UTF-8 is the writer's business. A type with a codec is bin.
#pragma once

#include <signet/wire/dynamic.hpp>
#include <signet/wire/format.hpp>

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace signet::wire {

namespace detail {

[[noreturn]] void throw_too_many();

/// MessagePack counts with 32 bits.
inline std::size_t checked_count(std::size_t count) {
    if (count > format::count_max) [[unlikely]]
        throw_too_many();
    return count;
}

/// As a number of the language that the wire knows: an enumeration or std::byte as its integer.
template <class T>
constexpr auto as_number(T value) {
    if constexpr (std::is_enum_v<T>) {
        return as_number(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (is_character<T>) {
        return static_cast<unsigned char>(value);
    } else {
        return value;
    }
}

template <class T>
using number_of = decltype(as_number(T{}));

/// The bytes that every value of `T` takes; 0 if they differ.
template <class T>
consteval std::size_t same_bytes();

template <class T, std::size_t... Index>
consteval std::size_t same_record_bytes(std::index_sequence<Index...>) {
    const bool all = ((same_bytes<part_type<T, Index>>() != 0) && ...);
    const std::size_t head = format::list_head_bytes(sizeof...(Index));
    return all ? (head + ... + same_bytes<part_type<T, Index>>()) : 0;
}

template <class T>
consteval std::size_t same_array_bytes() {
    using element = element_of<T>;
    constexpr std::size_t count = container<T>::count;
    if (is_character<element>) return 0;
    if (is_octet<element>) return format::bytes_head_bytes(count) + count;
    const std::size_t each = same_bytes<element>();
    return each == 0 ? 0 : format::list_head_bytes(count) + count * each;
}

template <class T>
consteval std::size_t same_bytes() {
    constexpr shape kind = shape_of<T>();
    if constexpr (kind == shape::scalar || kind == shape::enumeration) {
        return format::number_bytes<number_of<T>>;
    } else if constexpr (kind == shape::array) {
        return same_array_bytes<T>();
    } else if constexpr (kind == shape::record) {
        return same_record_bytes<T>(std::make_index_sequence<field_count<T>>{});
    } else {
        return 0;
    }
}

/// Of an array of characters: up to the last that is not NUL.
template <class Characters>
std::size_t text_length(const Characters& characters) {
    std::size_t length = std::size(characters);
    while (length != 0 && std::data(characters)[length - 1] == 0) --length;
    return length;
}

template <class T>
std::size_t packed_bytes(const T& value);

template <class T>
std::size_t run_bytes(const T& values) {
    using element = element_of<T>;
    const std::size_t count = checked_count(std::size(values));
    if constexpr (is_character<element>) {
        const std::size_t length = shape_of<T>() == shape::array ? text_length(values) : count;
        return format::text_head_bytes(length) + length;
    } else if constexpr (is_octet<element>) {
        return format::bytes_head_bytes(count) + count;
    } else if constexpr (same_bytes<element>() != 0) {
        return format::list_head_bytes(count) + count * same_bytes<element>();
    } else {
        std::size_t bytes = format::list_head_bytes(count);
        for (const auto& value : values) bytes += packed_bytes(value);
        return bytes;
    }
}

template <class T>
std::size_t map_bytes(const T& entries) {
    std::size_t bytes = format::list_head_bytes(checked_count(entries.size()));
    for (const auto& [key, value] : entries) bytes += packed_bytes(key) + packed_bytes(value);
    return bytes;
}

template <class T>
std::size_t record_bytes(const T& value) {
    return std::apply(
        [](const auto&... field) {
            return (format::list_head_bytes(sizeof...(field)) + ... + packed_bytes(field));
        },
        fields(value));
}

/// The message of a codec inside of another: as bin.
template <class T>
std::size_t foreign_bytes(const T& value) {
    const std::size_t bytes = checked_count(codec<T>::bytes(value));
    return format::bytes_head_bytes(bytes) + bytes;
}

template <class T>
std::size_t packed_bytes(const T& value) {
    constexpr shape kind = shape_of<T>();
    if constexpr (same_bytes<T>() != 0) {
        return same_bytes<T>();
    } else if constexpr (kind == shape::text) {
        return format::text_head_bytes(checked_count(value.size())) + value.size();
    } else if constexpr (kind == shape::bytes) {
        return format::bytes_head_bytes(checked_count(value.size())) + value.size();
    } else if constexpr (kind == shape::list || kind == shape::array) {
        return run_bytes(value);
    } else if constexpr (kind == shape::map) {
        return map_bytes(value);
    } else if constexpr (kind == shape::optional) {
        return value ? packed_bytes(*value) : 1;
    } else if constexpr (kind == shape::variant) {
        return 2 + std::visit([](const auto& set) { return packed_bytes(set); }, value);
    } else if constexpr (kind == shape::record) {
        return record_bytes(value);
    } else {
        return foreign_bytes(value);
    }
}

template <class T>
std::byte* pack(const T& value, std::byte* to);

template <class T>
std::byte* pack_run(const T& values, std::byte* to) {
    using element = element_of<T>;
    const std::size_t count = std::size(values);
    if constexpr (is_character<element>) {
        const std::size_t length = shape_of<T>() == shape::array ? text_length(values) : count;
        return format::put_body(format::put_text_head(to, length), std::data(values), length);
    } else if constexpr (is_octet<element>) {
        return format::put_body(format::put_bytes_head(to, count), std::data(values), count);
    } else {
        to = format::put_list_head(to, count);
        for (const element& value : values) to = pack(value, to);
        return to;
    }
}

template <class T>
std::byte* pack_map(const T& entries, std::byte* to) {
    to = format::put_map_head(to, entries.size());
    for (const auto& [key, value] : entries) to = pack(value, pack(key, to));
    return to;
}

template <class T>
std::byte* pack_variant(const T& value, std::byte* to) {
    to = format::put_list_head(to, 2);
    to = format::put_mark(to, static_cast<unsigned>(value.index()));  // one byte: below 128
    return std::visit([to](const auto& set) { return pack(set, to); }, value);
}

template <class T>
std::byte* pack_record(const T& value, std::byte* to) {
    to = format::put_list_head(to, field_count<T>);
    std::apply([&](const auto&... field) { ((to = pack(field, to)), ...); }, fields(value));
    return to;
}

template <class T>
std::byte* pack_foreign(const T& value, std::byte* to) {
    const std::size_t bytes = codec<T>::bytes(value);
    to = format::put_bytes_head(to, bytes);
    codec<T>::encode(value, std::span{to, bytes});
    return to + bytes;
}

template <class T>
std::byte* pack(const T& value, std::byte* to) {
    constexpr shape kind = shape_of<T>();
    if constexpr (kind == shape::scalar || kind == shape::enumeration) {
        return format::put_number(to, as_number(value));
    } else if constexpr (kind == shape::text) {
        return format::put_body(format::put_text_head(to, value.size()), value.data(),
                                value.size());
    } else if constexpr (kind == shape::bytes) {
        return format::put_body(format::put_bytes_head(to, value.size()), value.data(),
                                value.size());
    } else if constexpr (kind == shape::list || kind == shape::array) {
        return pack_run(value, to);
    } else if constexpr (kind == shape::map) {
        return pack_map(value, to);
    } else if constexpr (kind == shape::optional) {
        return value ? pack(*value, to) : format::put_mark(to, format::nil);
    } else if constexpr (kind == shape::variant) {
        return pack_variant(value, to);
    } else if constexpr (kind == shape::record) {
        return pack_record(value, to);
    } else {
        return pack_foreign(value, to);
    }
}

}  // namespace detail

/// Exactly what `encode` writes. Throws `error` (too_large) where a string, list or map in it has
/// 2^32 elements or more, and what std::visit throws for a variant that is valueless.
template <dynamic T>
std::size_t encoded_bytes(const T& message) {
    return detail::packed_bytes(message);
}

/// Writes `encoded_bytes(message)` bytes, each once and from front to back, and never reads them:
/// `to` may lie in memory that others read. The end of what was written.
template <dynamic T>
std::byte* encode(const T& message, std::byte* to) {
    // Where GCC knows the size of the room, but not that of a string, it warns of formats that are
    // too long to be used here. So it is not to know.
    asm("" : "+r"(to));
    return detail::pack(message, to);
}

}  // namespace signet::wire
