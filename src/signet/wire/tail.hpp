// SPDX-License-Identifier: Apache-2.0
// What follows the first byte of a value of MessagePack: enough to go past it without knowing what
// it is. Pure functions; any thread.
#pragma once

#include <signet/wire/format.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace signet::wire::detail {

/// What follows a mark: bytes of its own, a size of `size_bytes` and then as many bytes, and
/// further values, of which `size_bytes` tell how many where there is no number of them.
struct tail {
    std::size_t bytes = 0;
    std::size_t size_bytes = 0;
    std::size_t values = 0;
    std::size_t values_each = 0;
};

constexpr bool is_within(unsigned mark, unsigned first, unsigned last) {
    return mark - first <= last - first;
}

/// Of the marks from 0xc0 to 0xdf.
constexpr tail long_tail(unsigned mark) {
    if (is_within(mark, format::bin8, format::bin32)) {
        return {.size_bytes = std::size_t{1} << (mark - format::bin8)};
    }
    if (is_within(mark, format::ext8, format::ext32)) {
        return {.bytes = 1, .size_bytes = std::size_t{1} << (mark - format::ext8)};
    }
    if (mark == format::f32) return {.bytes = 4};
    if (mark == format::f64) return {.bytes = 8};
    if (is_within(mark, format::u8, format::u64)) {
        return {.bytes = std::size_t{1} << (mark - format::u8)};
    }
    if (is_within(mark, format::i8, format::i64)) {
        return {.bytes = std::size_t{1} << (mark - format::i8)};
    }
    if (is_within(mark, format::fixext1, format::fixext16)) {
        return {.bytes = 1 + (std::size_t{1} << (mark - format::fixext1))};
    }
    if (is_within(mark, format::str8, format::str32)) {
        return {.size_bytes = std::size_t{1} << (mark - format::str8)};
    }
    if (is_within(mark, format::array16, format::array32)) {
        return {.size_bytes = std::size_t{2} << (mark - format::array16), .values_each = 1};
    }
    if (is_within(mark, format::map16, format::map32)) {
        return {.size_bytes = std::size_t{2} << (mark - format::map16), .values_each = 2};
    }
    return {};  // nil and booleans
}

constexpr tail tail_of(unsigned mark) {
    if (is_within(mark, format::fixmap, format::fixmap | 15)) return {.values = 2 * (mark & 15)};
    if (is_within(mark, format::fixarray, format::fixarray | 15)) return {.values = mark & 15};
    if (is_within(mark, format::fixstr, format::fixstr | 31)) return {.bytes = mark & 31};
    return is_within(mark, format::nil, format::map32) ? long_tail(mark) : tail{};
}

/// Where the mark alone says it: how far it is to the next value, and by how many more are to come.
struct short_tail {
    std::uint8_t step;  ///< 0: the mark alone does not say it
    std::int8_t values;
};

constexpr short_tail short_tail_of(unsigned mark) {
    const tail after = tail_of(mark);
    if (after.size_bytes != 0) return {0, 0};
    return {static_cast<std::uint8_t>(1 + after.bytes),
            static_cast<std::int8_t>(static_cast<int>(after.values) - 1)};
}

inline constexpr auto short_tails = [] {
    std::array<short_tail, 256> all{};
    for (unsigned mark = 0; mark < all.size(); ++mark) all[mark] = short_tail_of(mark);
    return all;
}();

}  // namespace signet::wire::detail
