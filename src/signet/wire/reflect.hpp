// SPDX-License-Identifier: Apache-2.0
// Compile-time reflection of plain C++ aggregates, without macros or a code generator: how many
// fields a struct has, their names, their types, and references to them.
//
//     struct pose { double x; float angles[3]; };
//     field_count<pose>         // 2
//     field_name<pose, 1>       // "angles"
//     fields(p)                 // std::tuple<double&, float (&)[3]>
//
// Everything here is evaluated by the compiler; any thread. A type that cannot be reflected does
// not satisfy `reflectable`; a struct with an anonymous union stops the compiler in a structured
// binding.
#pragma once

#include <signet/wire/bindings.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace signet::wire {

inline constexpr std::size_t fields_max = 64;

namespace detail {

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t Count>
inline constexpr bool is_std_array<std::array<T, Count>> = true;

/// Converts to whatever is a base of `T`, and to nothing else.
template <class T>
struct any_base_of {
    template <class Base>
        requires(std::is_base_of_v<Base, T> && !std::is_same_v<Base, T>)
    constexpr operator Base() const;  // never defined: only overload resolution asks
};

template <class T>
concept aggregate_class = std::is_class_v<T> && std::is_aggregate_v<T> && !is_std_array<T>;

template <class T>
concept has_base = aggregate_class<T> && requires { T{any_base_of<T>{}}; };

/// fields_max + 1 where there are more.
template <class T, std::size_t Count = 0>
consteval std::size_t count_fields() {
    if constexpr (Count == fields_max + 1) {
        return Count;
    } else if constexpr (binding<Count + 1>::template fits<T>) {
        return count_fields<T, Count + 1>();
    } else {
        return Count;
    }
}

template <class T>
concept countable =
    aggregate_class<T> && !has_base<T> && requires { T{}; } && count_fields<T>() <= fields_max;

template <class T>
using tied = decltype(binding<count_fields<T>()>::tie(std::declval<T&>()));

/// Static room for a `T` that is never constructed: its subobjects have constant addresses.
template <class T>
union room {
    char none;
    T value;
    constexpr room() : none{} {}
    constexpr ~room() {}
};

template <class T>
inline constinit room<T> stage{};

template <class T, std::size_t Index>
inline constexpr auto field_address =
    &std::get<Index>(binding<count_fields<T>()>::tie(stage<T>.value));

// GCC:   "... [with auto Address = (& stage<pose>.room<pose>::value.pose::x)]"
// Clang: "... [Address = &stage.value.x]"
template <auto Address>
consteval const char* spelled_address() {
    return __PRETTY_FUNCTION__;
}

// GCC: "... [with T = robot::pose]"; Clang: "... [T = robot::pose]"
template <class T>
consteval const char* spelled_type() {
    return __PRETTY_FUNCTION__;
}

consteval std::string_view last_identifier(std::string_view text) {
    text = text.substr(0, text.find_last_not_of(")]") + 1);
    return text.substr(text.find_last_of(":. &(") + 1);
}

consteval std::string_view after_equals(std::string_view text) {
    text.remove_suffix(1);
    return text.substr(text.find(" = ") + 3);
}

}  // namespace detail

/// An aggregate struct without base classes and bit-fields, that `T{}` can make and that has at
/// most `fields_max` fields.
template <class T>
concept reflectable =
    detail::countable<T> && !std::is_same_v<detail::tied<T>, detail::not_bindable>;

/// An array is one field.
template <reflectable T>
inline constexpr std::size_t field_count = detail::count_fields<T>();

/// A tuple of references to the fields of `value`, in the order of declaration.
template <class T>
    requires reflectable<std::remove_const_t<T>>
constexpr auto fields(T& value) {
    return detail::binding<field_count<std::remove_const_t<T>>>::tie(value);
}

/// The declared type, such as `const int` or `float[3]`.
template <reflectable T, std::size_t Index>
using field_type = std::remove_reference_t<std::tuple_element_t<Index, detail::tied<T>>>;

template <reflectable T, std::size_t Index>
inline constexpr std::string_view field_name =
    detail::last_identifier(detail::spelled_address<detail::field_address<T, Index>>());

/// Where the field begins inside of a `T`. Known at run time only.
template <reflectable T, std::size_t Index>
std::size_t field_offset() noexcept {
    const auto begin = reinterpret_cast<const char*>(&detail::stage<T>);
    return static_cast<std::size_t>(reinterpret_cast<const char*>(detail::field_address<T, Index>) -
                                    begin);
}

/// The name as this compiler spells it; `readable_type_name` makes it the same on all.
template <class T>
inline constexpr std::string_view spelled_type_name =
    detail::after_equals(detail::spelled_type<T>());

}  // namespace signet::wire
