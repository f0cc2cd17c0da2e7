// SPDX-License-Identifier: Apache-2.0
// From a C++ type to its descriptor. `descriptor_of<robot::pose>()` is built once per type and
// process, at first use; any thread. Fails only to compile, where `T` does not travel; but for the
// name of a codec that cannot be one, and types nested too deep: a `contract_violation`.
#pragma once

#include <signet/wire/descriptor.hpp>
#include <signet/wire/dynamic.hpp>

#include <type_traits>
#include <utility>

namespace signet::wire {

namespace detail {

template <class T>
constexpr type_kind integer_kind() {
    constexpr type_kind signed_kinds[] = {type_kind::i8, type_kind::i16, type_kind::i32,
                                          type_kind::i64};
    constexpr type_kind unsigned_kinds[] = {type_kind::u8, type_kind::u16, type_kind::u32,
                                            type_kind::u64};
    constexpr std::size_t index = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
    return std::is_signed_v<T> ? signed_kinds[index] : unsigned_kinds[index];
}

template <class T>
constexpr type_kind scalar_kind() {
    if (std::is_same_v<T, bool>) return type_kind::boolean;
    if (std::is_same_v<T, char> || std::is_same_v<T, char8_t>) return type_kind::character;
    if (std::is_same_v<T, float>) return type_kind::f32;
    if (std::is_same_v<T, double>) return type_kind::f64;
    return integer_kind<T>();
}

template <class T>
std::uint32_t describe(descriptor_builder& builder);

template <class T, std::size_t... Index>
std::uint32_t describe_fields(descriptor_builder& builder, std::index_sequence<Index...>) {
    type_info type{.kind = type_kind::structure,
                   .name = readable_type_name(spelled_type_name<T>),
                   .size = sizeof(T),
                   .alignment = alignof(T)};
    (type.fields.push_back({std::string{field_name<T, Index>},
                            describe<std::remove_cv_t<field_type<T, Index>>>(builder),
                            field_offset<T, Index>()}),
     ...);
    return builder.add(std::move(type));
}

template <class T>
std::uint32_t describe(descriptor_builder& builder) {
    if constexpr (std::is_array_v<T>) {
        using element = std::remove_cv_t<std::remove_extent_t<T>>;
        return builder.add_array(describe<element>(builder), std::extent_v<T>);
    } else if constexpr (is_std_array<T>) {
        using element = std::remove_cv_t<typename T::value_type>;
        return builder.add_array(describe<element>(builder), std::tuple_size_v<T>);
    } else if constexpr (std::is_same_v<T, std::byte>) {
        return builder.add_scalar(type_kind::u8);
    } else if constexpr (std::is_enum_v<T>) {
        const std::uint32_t integer = describe<std::underlying_type_t<T>>(builder);
        return builder.add_enumeration(spelled_type_name<T>, integer);
    } else if constexpr (std::is_class_v<T>) {
        return describe_fields<T>(builder, std::make_index_sequence<field_count<T>>{});
    } else {
        return builder.add_scalar(scalar_kind<T>());
    }
}

template <class T>
std::uint32_t describe_packed(descriptor_builder& builder);

template <class T, std::size_t... Index>
std::uint32_t describe_record(descriptor_builder& builder, std::index_sequence<Index...>) {
    type_info type{.kind = type_kind::record, .name = readable_type_name(spelled_type_name<T>)};
    (type.fields.push_back(
         {std::string{field_name<T, Index>}, describe_packed<part_type<T, Index>>(builder)}),
     ...);
    return builder.add(std::move(type));
}

template <class T>
struct variant_describer;
template <class... Alternatives>
struct variant_describer<std::variant<Alternatives...>> {
    static std::uint32_t describe(descriptor_builder& builder) {
        return builder.add_variant({describe_packed<Alternatives>(builder)...});
    }
};

template <class T>
std::uint32_t describe_container(descriptor_builder& builder) {
    constexpr shape kind = shape_of<T>();
    if constexpr (kind == shape::map) {
        const std::uint32_t key = describe_packed<typename container<T>::key>(builder);
        return builder.add_container(type_kind::map, describe_packed<element_of<T>>(builder), key);
    } else if constexpr (kind == shape::array) {
        return builder.add_array(describe_packed<element_of<T>>(builder), container<T>::count);
    } else {
        constexpr type_kind of = kind == shape::list ? type_kind::list : type_kind::optional;
        return builder.add_container(of, describe_packed<element_of<T>>(builder));
    }
}

/// As a part of a packed message, or as the whole of one.
template <class T>
std::uint32_t describe_packed(descriptor_builder& builder) {
    constexpr shape kind = shape_of<T>();
    if constexpr (kind == shape::scalar || kind == shape::enumeration) {
        return describe<T>(builder);
    } else if constexpr (kind == shape::text || kind == shape::bytes) {
        return builder.add({.kind = kind == shape::text ? type_kind::text : type_kind::bytes});
    } else if constexpr (kind == shape::foreign) {
        return builder.add({.kind = type_kind::foreign, .name = codec<T>::name()});
    } else if constexpr (kind == shape::variant) {
        return variant_describer<T>::describe(builder);
    } else if constexpr (kind == shape::record) {
        return describe_record<T>(builder, std::make_index_sequence<field_count<T>>{});
    } else {
        return describe_container<T>(builder);
    }
}

}  // namespace detail

/// Valid for the life of the process.
template <encodable T>
const type_descriptor& descriptor_of() {
    static const type_descriptor descriptor = [] {
        descriptor_builder builder;
        if constexpr (in_place<T>) {
            detail::describe<T>(builder);
        } else {
            detail::describe_packed<T>(builder);
        }
        return std::move(builder).finish();
    }();
    return descriptor;
}

/// As it is inside of MessagePack, such as an argument of a call, where it has no layout of its
/// own. Valid for the life of the process.
template <class T>
const type_descriptor& packed_descriptor_of() {
    static const type_descriptor descriptor = [] {
        descriptor_builder builder;
        detail::describe_packed<T>(builder);
        return std::move(builder).finish();
    }();
    return descriptor;
}

}  // namespace signet::wire
