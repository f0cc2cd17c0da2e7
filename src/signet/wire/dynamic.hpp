// SPDX-License-Identifier: Apache-2.0
// Which types travel as MessagePack: std::string, std::vector, std::array, std::map,
// std::unordered_map, std::optional and std::variant, of numbers, enumerations, aggregates and each
// other, nested at will. Evaluated by the compiler; any thread. `dynamic<T>` asks;
// `require_encodable<T>()` insists that T travels in some way, and the compiler's message then
// names the field: "field 'next' of 'node' is a pointer".
#pragma once

#include <signet/wire/plain.hpp>
#include <signet/wire/shape.hpp>

#include <string_view>
#include <type_traits>
#include <utility>

namespace signet::wire {

inline constexpr std::size_t alternatives_max = 64;

namespace detail {

template <class T>
concept pointer_like = requires(T& value) {
    *value;
    value.get();
    static_cast<bool>(value);
};

template <class T>
concept view_like = std::is_class_v<T> && requires(const T& value) {
    { value.data() } -> std::convertible_to<const void*>;
    value.size();
} && !std::is_aggregate_v<T>;

/// Why no value of class `T`, which nobody here knows, can be read out of a message.
template <class T>
consteval std::string_view unknown_class_defect() {
    if constexpr (std::is_union_v<T>) {
        return "is a union, and nobody can tell which member is set: use std::variant";
    } else if constexpr (pointer_like<T>) {
        return "is a pointer";
    } else if constexpr (view_like<T> && std::is_trivially_copyable_v<T>) {
        return "is a view of somebody else's memory: use std::string or std::vector";
    } else if constexpr (has_base<T>) {
        return "has a base class";
    } else if constexpr (!std::is_aggregate_v<T>) {
        return "is of a class with constructors or private members: give it a signet::codec";
    } else if constexpr (!countable<T>) {
        return "has a reference, a field that {} cannot make, or more than 64 fields";
    } else {
        return reflectable<T> ? "" : "has a bit-field";
    }
}

/// `Around` are the structs that a type is a part of.
template <class T, class... Around>
consteval defect find_packing_defect();

template <class T, std::size_t Index, class... Around>
consteval defect find_part_defect() {
    defect found = std::is_const_v<field_type<T, Index>>
                       ? defect{"is const, so that nothing can be read into it", {}, {}}
                       : find_packing_defect<part_type<T, Index>, Around..., T>();
    if (found && found.field.empty()) {
        found.field = field_name<T, Index>;
        found.owner = short_name(spelled_type_name<T>);
    }
    return found;
}

template <class T, class... Around>
consteval defect record_defect() {
    if constexpr ((std::is_same_v<T, Around> || ...)) {
        return {"is made of itself, and would have no end", {}, {}};
    } else if constexpr (constexpr std::string_view what = unknown_class_defect<T>();
                         !what.empty()) {
        return {what, {}, {}};
    } else {
        return []<std::size_t... Index>(std::index_sequence<Index...>) {
            defect found;
            static_cast<void>(
                ((found = find_part_defect<T, Index, Around...>(), bool{found}) || ...));
            return found;
        }(std::make_index_sequence<field_count<T>>{});
    }
}

/// Types that tell apart the entries of a map, and that every MessagePack library has as keys.
template <class Key>
inline constexpr bool is_map_key =
    std::is_integral_v<Key> || std::is_enum_v<Key> || shape_of<Key>() == shape::text;

template <class T, class... Around>
consteval defect map_defect() {
    if constexpr (!is_map_key<typename container<T>::key>) {
        return {"is a map whose keys are neither text, integers nor enumerations", {}, {}};
    } else {
        return find_packing_defect<element_of<T>, Around...>();
    }
}

template <class T, class... Around>
consteval defect optional_defect() {
    if constexpr (shape_of<element_of<T>>() == shape::optional) {
        return {
            "is an optional of an optional, and nobody can tell which of them is empty", {}, {}};
    } else {
        return find_packing_defect<element_of<T>, Around...>();
    }
}

template <class Variant, class... Around>
struct variant_defect;
template <class... Alternatives, class... Around>
struct variant_defect<std::variant<Alternatives...>, Around...> {
    static consteval defect find() {
        if (sizeof...(Alternatives) > alternatives_max) {
            return {"is a variant of more than 64 types", {}, {}};
        }
        defect found;
        static_cast<void>(
            ((found = find_packing_defect<Alternatives, Around...>(), bool{found}) || ...));
        return found;
    }
};

template <class T, class... Around>
consteval defect packed_array_defect() {
    if constexpr (container<T>::count == 0) {
        return {"is an array without elements", {}, {}};
    } else {
        return find_packing_defect<element_of<T>, Around...>();
    }
}

template <class T, class... Around>
consteval defect find_packing_defect() {
    constexpr shape kind = shape_of<T>();
    if constexpr (kind == shape::none) {
        return {scalar_defect<T>(), {}, {}};
    } else if constexpr (kind == shape::list) {
        return find_packing_defect<element_of<T>, Around...>();
    } else if constexpr (kind == shape::array) {
        return packed_array_defect<T, Around...>();
    } else if constexpr (kind == shape::map) {
        return map_defect<T, Around...>();
    } else if constexpr (kind == shape::optional) {
        return optional_defect<T, Around...>();
    } else if constexpr (kind == shape::variant) {
        return variant_defect<T, Around...>::find();
    } else if constexpr (kind == shape::record) {
        return record_defect<T, Around...>();
    } else {
        return {};
    }
}

template <class T>
consteval defect find_encoding_defect() {
    if constexpr (plain<T>) {
        return {};
    } else if constexpr (std::is_array_v<T> || std::is_reference_v<T> || std::is_const_v<T> ||
                         std::is_volatile_v<T>) {
        return find_root_defect<T>();
    } else {
        return find_packing_defect<T>();
    }
}

struct encoding_finder {
    template <class T>
    static consteval defect find() {
        return find_encoding_defect<T>();
    }
};

template <class T>
inline constexpr auto encoding_defect_text = defect_message<T, encoding_finder>();

template <bool Encodable, message Why>
struct encodable_check {
    static_assert(Encodable,
                  "a message is made of numbers, enumerations, strings, vectors, maps, optionals, "
                  "variants, and structs of them: the text in encodable_check<false, \"...\"> says "
                  "which field is something else");
};

}  // namespace detail

/// Travels one way or another: plain, dynamic, or by a codec of its own.
template <class T>
concept encodable = !detail::find_encoding_defect<T>();

/// Travels as its bytes, and is read where the publisher wrote it.
template <class T>
concept in_place = plain<T> && !foreign<T>;

/// Is turned into bytes to be sent, and made anew from them.
template <class T>
concept packed = encodable<T> && !in_place<T>;

/// Travels as MessagePack, or as text or bytes where it is nothing else; needs no codec.
template <class T>
concept dynamic = packed<T> && !foreign<T>;

/// One sentence on why `T` does not travel; empty if it does.
template <class T>
constexpr std::string_view encoding_defect() {
    if constexpr (encodable<T>) {
        return {};
    } else {
        return detail::encoding_defect_text<T>.text;
    }
}

/// Always true, or does not compile: `static_assert(require_encodable<T>());`
template <class T>
consteval bool require_encodable() {
    static_cast<void>(detail::encodable_check<encodable<T>, detail::encoding_defect_text<T>>{});
    return true;
}

}  // namespace signet::wire
