// SPDX-License-Identifier: Apache-2.0
// From MessagePack that somebody else wrote to a message. The bytes may come from a hostile peer,
// and may lie in memory that it goes on writing to: cursor.hpp says how they are read. How deep we
// go is bounded by the type, what we allocate by the bytes that are there: a list is as long as its
// elements could be short, so a hostile message costs at most what an honest one of its size could.
// Pure functions; any thread.
#pragma once

#include <signet/wire/cursor.hpp>
#include <signet/wire/decode_parts.hpp>
#include <signet/wire/descriptor.hpp>
#include <signet/wire/dynamic.hpp>
#include <signet/wire/plan.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace signet::wire {

namespace detail {

[[noreturn]] void throw_unreadable(std::string_view type, const std::string& why);

template <class T, std::size_t Index, class Way>
bool read_field(cursor& from, T& into, const Way& way) {
    if (read(from, std::get<Index>(fields(into)), way)) [[likely]]
        return true;
    return from.inside(field_name<T, Index>);
}

template <class T, std::size_t... Index>
bool read_fields(cursor& from, T& into, std::index_sequence<Index...>) {
    return (read_field<T, Index>(from, into, direct_way{}) && ...);
}

/// The field of ours that their next one is.
template <class T, std::size_t... Index>
bool read_target(cursor& from, T& into, std::uint32_t target, const planned_way& way,
                 std::index_sequence<Index...>) {
    bool done = false;
    static_cast<void>(
        ((Index == target && (done = read_field<T, Index>(from, into, way), true)) || ...));
    return done;
}

/// What nobody writes is nothing, whatever `T{}` says.
template <class Field>
void reset_optional(Field& field) {
    if constexpr (shape_of<Field>() == shape::optional) field.reset();
}

template <class T>
bool read_by_plan(cursor& from, T& into, const planned_way& way) {
    constexpr auto indexes = std::make_index_sequence<field_count<T>>{};
    std::apply([](auto&... field) { (reset_optional(field), ...); }, fields(into));
    const auto& targets = way.step->targets;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const bool done = targets[i] == reading_plan::skipped
                              ? from.skip()
                              : read_target(from, into, targets[i], way.part(i), indexes);
        if (!done) return false;
    }
    return true;
}

template <class T, std::size_t Index>
bool read_if_there(cursor& from, T& into, std::size_t count) {
    if (Index < count) {
        if (read(from, std::get<Index>(fields(into)), tolerant_way{})) return true;
    } else if constexpr (shape_of<part_type<T, Index>>() == shape::optional) {
        return std::get<Index>(fields(into)).reset(), true;
    } else {
        from.fail("is missing, and is not optional");
    }
    return from.inside(field_name<T, Index>);
}

/// A list of the fields in their order, some more at its end, or some less.
template <class T, std::size_t... Index>
bool read_listed(cursor& from, T& into, std::index_sequence<Index...>) {
    std::size_t count = 0;
    if (!from.take_list_head(count)) return false;
    if (!(read_if_there<T, Index>(from, into, count) && ...)) return false;
    for (std::size_t more = sizeof...(Index); more < count; ++more) {
        if (!from.skip()) return false;
    }
    return true;
}

inline bool is_called(std::span<const std::byte> body, std::string_view name) {
    return body.size() == name.size() && std::memcmp(body.data(), name.data(), name.size()) == 0;
}

template <class T, std::size_t... Index>
bool read_named_value(cursor& from, T& into, std::array<bool, sizeof...(Index)>& found,
                      std::index_sequence<Index...>) {
    std::span<const std::byte> name;
    if (!from.take_text(name)) return false;
    bool done = false;
    const bool known =
        ((is_called(name, field_name<T, Index>) &&
          (found[Index] = true, done = read_field<T, Index>(from, into, tolerant_way{}), true)) ||
         ...);
    return known ? done : from.skip();
}

/// A map from names to values.
template <class T, std::size_t... Index>
bool read_named(cursor& from, T& into, std::index_sequence<Index...> all) {
    std::array<bool, sizeof...(Index)> found{};
    std::size_t count = 0;
    if (!from.take_map_head(count)) return false;
    for (std::size_t i = 0; i < count; ++i) {
        if (!read_named_value(from, into, found, all)) return false;
    }
    return ((found[Index] || read_if_there<T, Index>(from, into, 0)) && ...);
}

template <class T>
bool read_tolerantly(cursor& from, T& into) {
    constexpr auto all = std::make_index_sequence<field_count<T>>{};
    return from.at_map() ? read_named(from, into, all) : read_listed(from, into, all);
}

template <class T, class Way>
bool read_record(cursor& from, T& into, const Way& way) {
    std::size_t expected = field_count<T>;
    if constexpr (Way::is_planned) expected = way.step->targets.size();
    std::size_t count = 0;
    if (!from.take_list_head(count)) return false;
    if (count != expected) return from.fail("has the wrong number of fields");
    if constexpr (Way::is_planned) {
        return read_by_plan(from, into, way);
    } else {
        return read_fields(from, into, std::make_index_sequence<field_count<T>>{});
    }
}

/// Overwrites all of `into`.
template <class T, class Way>
bool read(cursor& from, T& into, const Way& way) {
    constexpr shape kind = shape_of<T>();
    if constexpr (Way::is_planned) {
        if (way.step->direct) return read(from, into, direct_way{});
    }
    if constexpr (kind == shape::scalar || kind == shape::enumeration) {
        return read_scalar(from, into);
    } else if constexpr (kind == shape::text || kind == shape::bytes) {
        return read_run(from, into);
    } else if constexpr (kind == shape::list) {
        if constexpr (is_character<element_of<T>> || is_octet<element_of<T>>) {
            return read_run(from, into);
        } else {
            return read_list(from, into, way);
        }
    } else if constexpr (kind == shape::array) {
        return read_array(from, into, way);
    } else if constexpr (kind == shape::map) {
        return read_map(from, into, way);
    } else if constexpr (kind == shape::optional) {
        return read_optional(from, into, way);
    } else if constexpr (kind == shape::variant) {
        return read_variant(from, into, way);
    } else if constexpr (kind == shape::record && std::is_same_v<Way, tolerant_way>) {
        return read_tolerantly(from, into);
    } else if constexpr (kind == shape::record) {
        return read_record(from, into, way);
    } else {
        return read_placed<T>(from, way, [&](T&& made) { into = std::move(made); });
    }
}

}  // namespace detail

/// The message in `payload`, of which all must be read. `plan` must be one for `T`. Throws `error`
/// (peer_misbehaved) that names the field: "field 'path[].x' is not an integer of its type". Text
/// may hold bytes that are not UTF-8.
template <dynamic T>
T decode(std::span<const std::byte> payload, const reading_plan& plan) {
    T message{};
    detail::cursor from{payload};
    const detail::planned_way planned{&plan, &plan.root()};
    bool done = plan.direct() ? detail::read(from, message, detail::direct_way{})
                              : detail::read(from, message, planned);
    if (done && from.left() != 0) done = from.fail("ends before its bytes do");
    if (!done) [[unlikely]]
        detail::throw_unreadable(spelled_type_name<T>, from.complaint());
    return message;
}

}  // namespace signet::wire
