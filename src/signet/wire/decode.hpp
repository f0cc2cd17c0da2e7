// SPDX-License-Identifier: Apache-2.0
// From MessagePack that somebody else wrote to a message. The bytes may come from a hostile peer,
// and may lie in memory that it goes on writing to: cursor.hpp says how they are read. How deep we
// go is bounded by the type, what we allocate by the bytes that are there: a list is as long as its
// elements could be short, so a hostile message costs at most what an honest one of its size could.
// Pure functions; any thread.
#pragma once

#include <signet/wire/codec.hpp>
#include <signet/wire/cursor.hpp>
#include <signet/wire/descriptor.hpp>
#include <signet/wire/dynamic.hpp>
#include <signet/wire/encode.hpp>
#include <signet/wire/plan.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <tuple>
#include <utility>

namespace signet::wire {

namespace detail {

/// Called while an exception of a codec is caught: throws it on as `error`.
[[noreturn]] void rethrow_of_codec(std::string_view name);

[[noreturn]] void throw_unreadable(std::string_view type, const std::string& why);

template <foreign T>
T decode_foreign(std::span<const std::byte> from) {
    try {
        return codec<T>::decode(from);
    } catch (...) {
        rethrow_of_codec(codec<T>::name());
    }
}

/// Reads what was written with our own type.
struct direct_way {
    static constexpr bool is_planned = false;
    direct_way part(std::size_t) const { return {}; }
};

/// Reads what was written with another version of our type.
struct planned_way {
    static constexpr bool is_planned = true;
    const reading_plan* plan;
    const reading_plan::step* step;

    planned_way part(std::size_t index) const { return {plan, &plan->at(step->parts[index])}; }
};

template <class T, class Way>
bool read(cursor& from, T& into, const Way& way);

/// Reads an element into room that `place` makes, from arguments as a constructor takes them. What
/// a codec makes need not be made without them.
template <class T, class Way, class Place>
bool read_placed(cursor& from, const Way& way, Place&& place) {
    if constexpr (foreign<T>) {
        std::span<const std::byte> body;
        if (!from.take_bytes(body)) return false;
        place(decode_foreign<T>(body));
        return true;
    } else {
        return read(from, place(), way);
    }
}

template <class T>
consteval std::size_t least_bytes();

template <class T>
consteval std::size_t least_array_bytes() {
    using element = element_of<T>;
    if constexpr (is_character<element>) {
        return 1;
    } else {
        return container<T>::count * (is_octet<element> ? 1 : least_bytes<element>());
    }
}

/// The fewest bytes that anybody can write a `T` in.
template <class T>
consteval std::size_t least_bytes() {
    constexpr shape kind = shape_of<T>();
    if constexpr (kind == shape::array) {
        return least_array_bytes<T>();
    } else if constexpr (kind == shape::record) {
        return []<std::size_t... Index>(std::index_sequence<Index...>) {
            return (std::size_t{1} + ... + least_bytes<part_type<T, Index>>());
        }(std::make_index_sequence<field_count<T>>{});
    } else {
        return 1;
    }
}

template <class T>
bool read_scalar(cursor& from, T& into) {
    number_of<T> number{};
    if (!from.take_number(number)) return false;
    into = static_cast<T>(number);
    return true;
}

/// Text and bytes, and lists of their elements.
template <class T>
bool read_run(cursor& from, T& into) {
    using element = typename T::value_type;
    std::span<const std::byte> body;
    if (!(is_character<element> ? from.take_text(body) : from.take_bytes(body))) return false;
    const auto* begin = reinterpret_cast<const element*>(body.data());
    into.assign(begin, begin + body.size());
    return true;
}

template <class T, class Way>
bool read_elements(cursor& from, T& into, const Way& way, std::size_t count) {
    using element = element_of<T>;
    for (std::size_t i = 0; i < count; ++i) {
        const auto place = [&](auto&&... made) -> element& {
            return into.emplace_back(std::forward<decltype(made)>(made)...);
        };
        if (!read_placed<element>(from, way.part(0), place)) return from.inside("[]");
    }
    return true;
}

template <class T>
bool read_flags(cursor& from, T& into, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        bool flag = false;
        if (!from.take_number(flag)) return from.inside("[]");
        into.push_back(flag);
    }
    return true;
}

template <class T, class Way>
bool read_list(cursor& from, T& into, const Way& way) {
    using element = element_of<T>;
    std::size_t count = 0;
    if (!from.take_list_head(count)) return false;
    if (count > from.left() / (Way::is_planned ? 1 : least_bytes<element>())) {
        return from.fail("has more elements than the message has room for");
    }
    into.clear();
    if constexpr (std::is_same_v<element, bool>) {
        return read_flags(from, into, count);
    } else if constexpr (std::is_arithmetic_v<element>) {
        into.resize(count);
        return from.take_numbers(into.data(), count) || from.inside("[]");
    } else {
        if constexpr (!Way::is_planned) into.reserve(count);
        return read_elements(from, into, way, count);
    }
}

template <class T>
bool read_octets(cursor& from, T& into) {
    std::span<const std::byte> body;
    if (!from.take_bytes(body)) return false;
    if (body.size() != std::size(into)) return from.fail("has the wrong number of bytes");
    std::memcpy(std::data(into), body.data(), body.size());
    return true;
}

template <class T>
bool read_characters(cursor& from, T& into) {
    std::span<const std::byte> body;
    if (!from.take_text(body)) return false;
    if (body.size() > std::size(into)) return from.fail("is too long");
    if (!body.empty()) std::memcpy(std::data(into), body.data(), body.size());
    std::memset(std::data(into) + body.size(), 0, std::size(into) - body.size());
    return true;
}

template <class T, class Way>
bool read_array(cursor& from, T& into, const Way& way) {
    using element = element_of<T>;
    if constexpr (is_character<element>) {
        return read_characters(from, into);
    } else if constexpr (is_octet<element>) {
        return read_octets(from, into);
    } else {
        std::size_t count = 0;
        if (!from.take_list_head(count)) return false;
        if (count != container<T>::count) return from.fail("has the wrong number of elements");
        for (auto& value : into) {
            if (!read(from, value, way.part(0))) return from.inside("[]");
        }
        return true;
    }
}

template <class T, class Way>
bool read_entry(cursor& from, T& into, const Way& way) {
    using value = element_of<T>;
    typename container<T>::key key{};
    if (!read(from, key, direct_way{})) return false;
    bool is_new = false;
    const auto place = [&](auto&&... made) -> value& {
        const auto [at, fresh] =
            into.try_emplace(std::move(key), std::forward<decltype(made)>(made)...);
        is_new = fresh;
        return at->second;
    };
    if (!read_placed<value>(from, way.part(0), place)) return false;
    return is_new || from.fail("comes twice");
}

template <class T, class Way>
bool read_map(cursor& from, T& into, const Way& way) {
    std::size_t count = 0;
    if (!from.take_map_head(count)) return false;
    if (count > from.left() / 2) {
        return from.fail("has more entries than the message has room for");
    }
    into.clear();
    for (std::size_t i = 0; i < count; ++i) {
        if (!read_entry(from, into, way)) return from.inside("[]");
    }
    return true;
}

template <class T, class Way>
bool read_optional(cursor& from, T& into, const Way& way) {
    into.reset();
    if (from.take_nil()) return true;
    const auto place = [&](auto&&... made) -> element_of<T>& {
        return into.emplace(std::forward<decltype(made)>(made)...);
    };
    return read_placed<element_of<T>>(from, way.part(0), place);
}

template <std::size_t Index, class T, class Way>
bool read_alternative(cursor& from, T& into, const Way& way) {
    using alternative = std::variant_alternative_t<Index, T>;
    const auto place = [&](auto&&... made) -> alternative& {
        return into.template emplace<Index>(std::forward<decltype(made)>(made)...);
    };
    return read_placed<alternative>(from, way.part(Index), place);
}

template <class T, class Way>
bool read_variant(cursor& from, T& into, const Way& way) {
    std::size_t count = 0;
    std::uint8_t index = 0;
    if (!from.take_list_head(count)) return false;
    if (count != 2) return from.fail("is not a list of an index and a value");
    if (!from.take_number(index)) return false;
    std::size_t known = std::variant_size_v<T>;
    if constexpr (Way::is_planned) known = way.step->parts.size();
    if (index >= known) return from.fail("is of a type its variant does not have");
    return [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        bool done = false;
        static_cast<void>(
            ((Index == index && (done = read_alternative<Index>(from, into, way), true)) || ...));
        return done;
    }(std::make_index_sequence<std::variant_size_v<T>>{});
}

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
