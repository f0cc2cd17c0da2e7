// SPDX-License-Identifier: Apache-2.0
// The tokens of JSON, one by one. What it reads may be anything. Belongs to one thread.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace signet::wire::detail {

/// Walks over JSON. What a function returns `false` or no value for is not there; the position is
/// then undefined.
class json_scanner {
public:
    explicit json_scanner(std::string_view json) : rest_{json} {}

    std::string_view rest() const { return rest_; }

    /// Whether the next character is `c`; if so, goes past it.
    bool take(char c);
    bool take_word(std::string_view word);
    bool at_end();
    std::string_view take_number();
    std::optional<std::string> take_text();

    void skip_spaces();

private:
    bool take_character(std::string& text);
    bool take_escape(std::string& text);
    bool take_code_point(std::string& text);
    std::optional<std::uint32_t> take_code_unit();

    std::string_view rest_;
};

/// No value if `text` is not a number of this type, or out of its range.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, number);
    if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
    return number;
}

template <std::floating_point Number>
std::optional<Number> parse_special(std::string_view text) {
    if (text == "nan") return std::numeric_limits<Number>::quiet_NaN();
    if (text == "inf") return std::numeric_limits<Number>::infinity();
    if (text == "-inf") return -std::numeric_limits<Number>::infinity();
    return std::nullopt;
}

}  // namespace signet::wire::detail
