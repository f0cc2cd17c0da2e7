// SPDX-License-Identifier: Apache-2.0
// How what a record is made of is read: numbers, texts, containers, what codecs made. Each function
// overwrites all of `into`, or refuses what stands there and returns false; the cursor knows why.
// Part of decode.hpp, which says what may be relied on.
#pragma once

#include <signet/wire/codec.hpp>
#include <signet/wire/cursor.hpp>
#include <signet/wire/dynamic.hpp>
#include <signet/wire/encode.hpp>
#include <signet/wire/plan.hpp>

#include <cstddef>
#include <cstring>
#include <iterator>
#include <span>
#include <utility>

namespace signet::wire::detail {

/// Called while an exception of a codec is caught: throws it on as `error`.
[[noreturn]] void rethrow_of_codec(std::string_view name);

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
    static constexpr bool is_exact = true;  ///< values are what our own type writes
    direct_way part(std::size_t) const { return {}; }
};

/// Reads what was written with another version of our type.
struct planned_way {
    static constexpr bool is_planned = true;
    static constexpr bool is_exact = false;
    const reading_plan* plan;
    const reading_plan::step* step;

    planned_way part(std::size_t index) const { return {plan, &plan->at(step->parts[index])}; }
};

/// Reads what anybody wrote who knows the type roughly: another version of it, or a script. A
/// record may be shorter where the fields it lacks are optional, and longer; or a map of names.
struct tolerant_way {
    static constexpr bool is_planned = false;
    static constexpr bool is_exact = false;
    tolerant_way part(std::size_t) const { return {}; }
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
    if (count > from.left() / (Way::is_exact ? least_bytes<element>() : 1)) {
        return from.fail("has more elements than the message has room for");
    }
    into.clear();
    if constexpr (std::is_same_v<element, bool>) {
        return read_flags(from, into, count);
    } else if constexpr (std::is_arithmetic_v<element>) {
        into.resize(count);
        return from.take_numbers(into.data(), count) || from.inside("[]");
    } else {
        if constexpr (Way::is_exact) into.reserve(count);
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

}  // namespace signet::wire::detail
