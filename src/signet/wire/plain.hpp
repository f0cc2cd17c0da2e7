// SPDX-License-Identifier: Apache-2.0
// Which types travel as their bytes: numbers, characters, enumerations, arrays of them, and structs
// of all these, nested at will. No pointers, because another process cannot follow them. Evaluated
// by the compiler; any thread. `plain<T>` asks; `require_plain<T>()` insists, and the compiler's
// message then names the field: "field 'next' of 'node' is a pointer".
#pragma once

#include <signet/wire/reflect.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace signet::wire {

namespace detail {

/// Why a type is not plain. `what` is empty if it is; `field` is empty if the type itself is at
/// fault.
struct defect {
    std::string_view what;
    std::string_view field;
    std::string_view owner;

    explicit constexpr operator bool() const { return !what.empty(); }
};

consteval std::string_view short_name(std::string_view spelled) {
    const std::string_view outer = spelled.substr(0, spelled.find('<'));
    const std::size_t colon = outer.rfind("::");
    return colon == std::string_view::npos ? spelled : spelled.substr(colon + 2);
}

template <class T>
consteval std::string_view scalar_defect() {
    if (std::is_pointer_v<T> || std::is_member_pointer_v<T> || std::is_null_pointer_v<T>) {
        return "is a pointer";
    }
    if (std::is_same_v<T, long double>) return "is a long double, which differs between machines";
    if (std::is_arithmetic_v<T> || std::is_enum_v<T>) return {};
    return "is of a type that has no portable form";
}

template <class T>
consteval std::string_view class_defect() {
    if (std::is_union_v<T>) return "is a union, and nobody can tell which member is set";
    if (has_base<T>) return "has a base class";
    if (std::is_aggregate_v<T>) return {};
    if (!std::is_trivially_copyable_v<T>) return "is of a class that looks after a resource";
    return "is of a class with constructors or private members";
}

/// Of a class none of whose fields is at fault.
template <class T>
consteval std::string_view whole_defect() {
    if (!std::is_trivially_copyable_v<T>) return "has its own way of being copied or destroyed";
    if (!std::is_standard_layout_v<T>) return "is not of standard layout";
    return {};
}

template <class T>
consteval defect find_defect();

template <class T, std::size_t Index>
consteval defect field_defect() {
    defect found = find_defect<std::remove_cv_t<field_type<T, Index>>>();
    if (found && found.field.empty()) {
        found.field = field_name<T, Index>;
        found.owner = short_name(spelled_type_name<T>);
    }
    return found;
}

template <class T>
consteval defect first_field_defect() {
    return []<std::size_t... Index>(std::index_sequence<Index...>) {
        defect found;
        static_cast<void>(((found = field_defect<T, Index>(), bool{found}) || ...));
        return found;
    }(std::make_index_sequence<field_count<T>>{});
}

template <class T>
consteval defect structure_defect() {
    if constexpr (!class_defect<T>().empty()) {
        return {class_defect<T>(), {}, {}};
    } else if constexpr (!countable<T>) {
        return {"has a reference, a field that {} cannot make, or more than 64 fields", {}, {}};
    } else if constexpr (!reflectable<T>) {
        return {"has a bit-field", {}, {}};
    } else {
        constexpr defect found = first_field_defect<T>();
        return found ? found : defect{whole_defect<T>(), {}, {}};
    }
}

template <class Element, std::size_t Count>
consteval defect array_defect() {
    if constexpr (Count == 0) {
        return {"is an array without elements", {}, {}};
    } else {
        return find_defect<std::remove_cv_t<Element>>();
    }
}

template <class T>
struct std_array_defect;
template <class T, std::size_t Count>
struct std_array_defect<std::array<T, Count>> {
    static consteval defect find() { return array_defect<T, Count>(); }
};

template <class T>
consteval defect find_defect() {
    if constexpr (std::is_array_v<T>) {
        return array_defect<std::remove_extent_t<T>, std::extent_v<T>>();
    } else if constexpr (is_std_array<T>) {
        return std_array_defect<T>::find();
    } else if constexpr (std::is_class_v<T> || std::is_union_v<T>) {
        return structure_defect<T>();
    } else {
        return {scalar_defect<T>(), {}, {}};
    }
}

template <class T>
consteval defect find_root_defect() {
    if constexpr (std::is_array_v<T>) {
        return {"is a C array: put it into a struct, or use std::array", {}, {}};
    } else if constexpr (std::is_reference_v<T> || std::is_const_v<T> || std::is_volatile_v<T>) {
        return {"is const, volatile or a reference", {}, {}};
    } else {
        return find_defect<T>();
    }
}

struct plain_finder {
    template <class T>
    static consteval defect find() {
        return find_root_defect<T>();
    }
};

/// Text that can be a template argument, so that compilers print it.
template <std::size_t Size>
struct message {
    char text[Size + 1] = {};

    constexpr void append(std::string_view more, std::size_t& used) {
        std::copy(more.begin(), more.end(), text + used);
        used += more.size();
    }
};

/// The sentence about what `Finder` finds.
template <class T, class Finder>
consteval auto defect_message() {
    constexpr defect found = Finder::template find<T>();
    constexpr std::string_view type = short_name(spelled_type_name<T>);
    constexpr std::string_view owner = found.field.empty() ? type : found.owner;
    constexpr bool of_field = !found.field.empty();
    constexpr std::string_view words[] = {
        of_field ? "field '" : "", found.field, of_field ? "' of '" : "'", owner, "' ", found.what};
    message<words[0].size() + words[1].size() + words[2].size() + words[3].size() +
            words[4].size() + words[5].size()>
        text;
    std::size_t used = 0;
    for (const std::string_view word : words) text.append(word, used);
    return text;
}

template <class T>
inline constexpr auto defect_text = defect_message<T, plain_finder>();

template <bool Plain, message Why>
struct plain_check {
    static_assert(Plain,
                  "a plain message has no pointers and owns nothing: the text in "
                  "plain_check<false, \"...\"> says which field is not plain, and why");
};

}  // namespace detail

/// Travels as its bytes.
template <class T>
concept plain = !detail::find_root_defect<T>();

/// One sentence on why `T` is not plain; empty if it is.
template <class T>
constexpr std::string_view plain_defect() {
    if constexpr (plain<T>) {
        return {};
    } else {
        return detail::defect_text<T>.text;
    }
}

/// Always true, or does not compile: `static_assert(require_plain<T>());`
template <class T>
consteval bool require_plain() {
    static_cast<void>(detail::plain_check<plain<T>, detail::defect_text<T>>{});
    return true;
}

}  // namespace signet::wire
