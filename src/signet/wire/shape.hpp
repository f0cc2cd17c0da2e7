// SPDX-License-Identifier: Apache-2.0
// What a C++ type is on the wire, inside of a message that is packed. One answer for all who
// describe, write or read such types. Evaluated by the compiler; any thread.
#pragma once

#include <signet/wire/codec.hpp>
#include <signet/wire/reflect.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <variant>
#include <vector>

namespace signet::wire::detail {

enum class shape : std::uint8_t {
    none,  ///< nothing that travels
    scalar,
    enumeration,
    text,
    bytes,
    list,
    array,
    map,
    optional,
    variant,
    record,
    foreign,
};

/// Of the standard's own containers: what they are and what they are made of.
template <class T>
struct container {
    static constexpr shape kind = shape::none;
};
template <class Traits, class Allocator>
struct container<std::basic_string<char, Traits, Allocator>> {
    static constexpr shape kind = shape::text;
};
template <class Allocator>
struct container<std::vector<std::byte, Allocator>> {
    static constexpr shape kind = shape::bytes;
};
template <class T, class Allocator>
struct container<std::vector<T, Allocator>> {
    static constexpr shape kind = shape::list;
    using element = T;
};
template <class T, std::size_t Count>
struct container<std::array<T, Count>> {
    static constexpr shape kind = shape::array;
    static constexpr std::size_t count = Count;
    using element = std::remove_cv_t<T>;
};
template <class T, std::size_t Count>
struct container<T[Count]> {
    static constexpr shape kind = shape::array;
    static constexpr std::size_t count = Count;
    using element = std::remove_cv_t<T>;
};
template <class Key, class T, class Order, class Allocator>
struct container<std::map<Key, T, Order, Allocator>> {
    static constexpr shape kind = shape::map;
    using key = Key;
    using element = T;
};
template <class Key, class T, class Hash, class Equal, class Allocator>
struct container<std::unordered_map<Key, T, Hash, Equal, Allocator>> {
    static constexpr shape kind = shape::map;
    using key = Key;
    using element = T;
};
template <class T>
struct container<std::optional<T>> {
    static constexpr shape kind = shape::optional;
    using element = T;
};
template <class... Alternatives>
struct container<std::variant<Alternatives...>> {
    static constexpr shape kind = shape::variant;
};

template <class T>
consteval shape shape_of() {
    if constexpr (foreign<T>) {
        return shape::foreign;
    } else if constexpr (std::is_same_v<T, long double>) {
        return shape::none;
    } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::byte>) {
        return shape::scalar;
    } else if constexpr (std::is_enum_v<T>) {
        return shape::enumeration;
    } else if constexpr (container<T>::kind != shape::none) {
        return container<T>::kind;
    } else {
        return std::is_class_v<T> ? shape::record : shape::none;
    }
}

template <class T>
using element_of = typename container<T>::element;

template <class T>
inline constexpr bool is_character = std::is_same_v<T, char> || std::is_same_v<T, char8_t>;

/// Numbers of one byte: a run of them is written as one piece.
template <class T>
inline constexpr bool is_octet = std::is_same_v<T, unsigned char> || std::is_same_v<T, std::byte>;

/// The field as it is read and written: declared without const, or not at all.
template <class T, std::size_t Index>
using part_type = std::remove_cv_t<field_type<T, Index>>;

}  // namespace signet::wire::detail
