// SPDX-License-Identifier: Apache-2.0
// The bytes of a plain message that belong to no field. They hold whatever lay in memory before, so
// they are not sent: the message is copied field by field into zeroed bytes. Evaluated by the
// compiler where it can be; any thread.
#pragma once

#include <signet/wire/plain.hpp>

#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

namespace signet::wire {

namespace detail {

template <class T>
consteval std::size_t field_bytes();

template <class T>
consteval std::size_t struct_field_bytes() {
    return []<std::size_t... Index>(std::index_sequence<Index...>) {
        return (std::size_t{0} + ... + field_bytes<std::remove_cv_t<field_type<T, Index>>>());
    }(std::make_index_sequence<field_count<T>>{});
}

/// The bytes of `T` that belong to a field.
template <class T>
consteval std::size_t field_bytes() {
    if constexpr (std::is_array_v<T>) {
        return std::extent_v<T> * field_bytes<std::remove_cv_t<std::remove_extent_t<T>>>();
    } else if constexpr (is_std_array<T>) {
        return std::tuple_size_v<T> * field_bytes<std::remove_cv_t<typename T::value_type>>();
    } else if constexpr (std::is_class_v<T>) {
        return struct_field_bytes<T>();
    } else {
        return sizeof(T);
    }
}

}  // namespace detail

template <plain T>
inline constexpr bool has_padding = detail::field_bytes<T>() != sizeof(T);

namespace detail {

template <class T>
void copy_fields(std::byte* to, const T& from);

template <class T, std::size_t... Index>
void copy_each_field(std::byte* to, const T& from, std::index_sequence<Index...>) {
    const auto all = fields(from);
    (copy_fields(to + field_offset<T, Index>(), std::get<Index>(all)), ...);
}

template <class T>
void copy_fields(std::byte* to, const T& from) {
    if constexpr (field_bytes<std::remove_cv_t<T>>() == sizeof(T)) {
        std::memcpy(to, &from, sizeof(T));
    } else if constexpr (std::is_array_v<T> || is_std_array<std::remove_cv_t<T>>) {
        for (const auto& element : from) {
            copy_fields(to, element);
            to += sizeof(element);
        }
    } else {
        copy_each_field(to, from, std::make_index_sequence<field_count<T>>{});
    }
}

}  // namespace detail

/// Copies `from` to the sizeof(T) bytes at `to`, with zeros where it has padding.
template <plain T>
void copy_without_padding(std::byte* to, const T& from) {
    if constexpr (has_padding<T>) std::memset(to, 0, sizeof(T));
    detail::copy_fields(to, from);
}

}  // namespace signet::wire
