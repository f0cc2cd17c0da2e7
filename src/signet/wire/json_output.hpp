// SPDX-License-Identifier: Apache-2.0
// What the writers of JSON have in common: brackets, commas and lines in the style wanted, numbers,
// and the limit on the whole. Belongs to one thread.
#pragma once

#include <signet/wire/descriptor.hpp>
#include <signet/wire/json.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace signet::wire::detail {

template <class Number>
void append_json_number(std::string& out, Number value) {
    std::array<char, 40> buffer;
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    out.append(buffer.data(), result.ptr);
}

inline void append_json_number(std::string& out, bool value) {
    out += value ? "true" : "false";
}

template <std::floating_point Number>
void append_json_number(std::string& out, Number value) {
    if (std::isnan(value)) {
        out += "\"nan\"";
    } else if (std::isinf(value)) {
        out += value > 0 ? "\"inf\"" : "\"-inf\"";
    } else {
        std::array<char, 40> buffer;
        const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
        out.append(buffer.data(), result.ptr);
    }
}

class json_output {
public:
    json_output(std::string& out, const type_descriptor& descriptor, json_style style)
        : out_{out}, begin_{out.size()}, descriptor_{descriptor}, style_{style} {}

    /// Throws `error` (too_large) above `json_bytes_max`.
    void check_limit() const;

    /// Whether elements of this type stand one below the other.
    bool is_line_each(const type_info& element) const;
    bool is_indented() const { return style_ == json_style::indented; }

    void open(char bracket);

    /// Before each element.
    void next(bool first, bool on_new_line);
    void close(char bracket, bool on_new_line);

    /// The name of a member, and what stands between it and its value.
    void name(std::string_view text);

    void word(std::string_view text) { out_ += text; }
    void text(std::string_view text) { append_json_text(out_, text); }

    /// Up to the first NUL.
    void characters(std::string_view text) {
        append_json_text(out_, text.substr(0, text.find('\0')));
    }

    template <class Number>
    void number(Number value) {
        append_json_number(out_, value);
    }

private:
    void new_line();

    std::string& out_;
    std::size_t begin_;
    const type_descriptor& descriptor_;
    json_style style_;
    std::size_t depth_ = 0;
};

}  // namespace signet::wire::detail
