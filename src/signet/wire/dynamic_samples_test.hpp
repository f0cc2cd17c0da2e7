// SPDX-License-Identifier: Apache-2.0
// Messages of every shape, for the tests of those who write and read them.
#pragma once

#include <signet/wire/payload.hpp>

#include <cstdint>
#include <stdexcept>

namespace signet::wire::samples {

enum class mode : std::uint16_t { off, on = 300 };
struct vec {
    float x, y;
    bool operator==(const vec&) const = default;
};
struct numbers {
    bool flag;
    char letter;
    std::int8_t i8;
    std::int16_t i16;
    std::int32_t i32;
    std::int64_t i64;
    std::uint8_t u8;
    std::uint16_t u16;
    std::uint32_t u32;
    std::uint64_t u64;
    float f32;
    double f64;
    std::byte raw;
    mode state;
    bool operator==(const numbers&) const = default;
};
struct arrays {
    char name[8];
    std::uint8_t octets[4];
    std::array<std::string, 2> words;
    int grid[2][3];
    vec corners[2];
    std::string text;
    bool operator==(const arrays&) const = default;
};
struct containers {
    std::vector<int> integers;
    std::vector<double> reals;
    std::vector<bool> flags;
    std::vector<char> characters;
    std::vector<std::byte> bytes;
    std::vector<std::uint8_t> octets;
    std::vector<std::vector<vec>> paths;
    std::vector<mode> modes;
    std::map<std::string, std::vector<int>> names;
    std::unordered_map<std::int64_t, std::string> codes;
    bool operator==(const containers&) const = default;
};
using choice = std::variant<std::monostate, int, std::string, vec, std::vector<std::string>>;
struct everything {
    numbers scalars;
    arrays rows;
    containers lists;
    std::optional<vec> maybe;
    std::optional<std::map<mode, std::optional<std::string>>> more;
    choice chosen;
    std::vector<choice> choices;
    std::monostate nothing;
    bool operator==(const everything&) const = default;
};

inline numbers sample_numbers() {
    return {true,       'z',        -128,       -32768, INT32_MIN, INT64_MIN,    255,
            UINT16_MAX, UINT32_MAX, UINT64_MAX, 0.1f,   -1e300,    std::byte{7}, mode::on};
}

inline everything sample_everything() {
    everything value{};
    value.scalars = sample_numbers();
    value.rows = {"abc", {1, 2, 3, 255}, {"x", ""}, {{1, 2, 3}, {4, 5, 6}}, {{1, 2}, {3, 4}}, "t"};
    value.lists = {{1, -1, 1 << 30},
                   {0.5, 1e9},
                   {true, false, true},
                   {'h', '\0'},
                   {std::byte{9}},
                   {1, 2},
                   {{{1, 2}}, {}},
                   {mode::on, mode::off},
                   {{"a", {1, 2}}, {"b", {}}},
                   {{-5, "minus five"}, {7, std::string(300, 'x')}}};
    value.maybe = vec{5, 6};
    value.more = {{mode::off, std::nullopt}, {mode::on, "on"}};
    value.chosen = std::string{"chosen"};
    value.choices = {std::monostate{}, 4, "text", vec{1, 2}, std::vector<std::string>{"a", "b"}};
    return value;
}

/// Made by a codec that refuses what does not begin with '!'; cannot be made out of nothing.
struct image {
    explicit image(std::string of) : pixels{std::move(of)} {}
    std::string pixels;
    bool operator==(const image&) const = default;
};
struct album {
    std::string title;
    std::vector<image> images;
    std::optional<image> cover;
    std::map<int, image> pages;
    std::variant<int, image> best;
    bool operator==(const album&) const = default;
};

template <class T>
std::vector<std::byte> encoded(const T& message) {
    std::vector<std::byte> bytes(payload_of<T>::bytes(message));
    payload_of<T>::encode(message, bytes);
    return bytes;
}

template <class T>
T decoded(std::span<const std::byte> bytes) {
    return payload_of<T>::decode(bytes, reading_plan{});
}

inline std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
    std::vector<std::byte> bytes;
    for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

}  // namespace signet::wire::samples

template <>
struct signet::codec<signet::wire::samples::image> {
    using image = signet::wire::samples::image;
    static std::string name() { return "test:image"; }
    static std::size_t bytes(const image& from) { return 1 + from.pixels.size(); }
    static void encode(const image& from, std::span<std::byte> to) {
        to[0] = std::byte{'!'};
        for (std::size_t i = 1; i < to.size(); ++i) {
            to[i] = static_cast<std::byte>(from.pixels[i - 1]);
        }
    }
    static image decode(std::span<const std::byte> from) {
        if (from.empty() || from[0] != std::byte{'!'}) throw std::runtime_error{"no image"};
        const auto* begin = reinterpret_cast<const char*>(from.data());
        return image{{begin + 1, begin + from.size()}};
    }
};
