// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_scanner.hpp>

#include <signet/wire/utf8.hpp>

namespace signet::wire::detail {
namespace {

void append_utf8(std::string& text, std::uint32_t code) {
    const auto append = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) return append(code);
    if (code < 0x800) {
        append(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        append(0xe0 | code >> 12);
        append(0x80 | (code >> 6 & 0x3f));
    } else {
        append(0xf0 | code >> 18);
        append(0x80 | (code >> 12 & 0x3f));
        append(0x80 | (code >> 6 & 0x3f));
    }
    append(0x80 | (code & 0x3f));
}

/// The character a backslash and `letter` stand for; 0 if none.
char unescaped(char letter) {
    switch (letter) {
        case '"':
        case '\\':
        case '/': return letter;
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return 0;
    }
}

bool is_high_surrogate(std::uint32_t code) {
    return code >= 0xd800 && code < 0xdc00;
}

bool is_low_surrogate(std::uint32_t code) {
    return code >= 0xdc00 && code < 0xe000;
}

}  // namespace

bool json_scanner::take(char c) {
    skip_spaces();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
}

bool json_scanner::take_word(std::string_view word) {
    skip_spaces();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
}

bool json_scanner::at_end() {
    skip_spaces();
    return rest_.empty();
}

std::string_view json_scanner::take_number() {
    skip_spaces();
    const std::size_t end = rest_.find_first_not_of("+-.0123456789eE");
    const std::string_view number = rest_.substr(0, end);
    rest_.remove_prefix(number.size());
    return number;
}

std::optional<std::string> json_scanner::take_text() {
    std::string text;
    if (!take('"')) return std::nullopt;
    while (!rest_.starts_with('"')) {
        if (!take_character(text)) return std::nullopt;
    }
    rest_.remove_prefix(1);
    return text;
}

void json_scanner::skip_spaces() {
    const std::size_t begin = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(begin == std::string_view::npos ? rest_.size() : begin);
}

bool json_scanner::take_character(std::string& text) {
    if (rest_.starts_with('\\')) return take_escape(text);
    const std::size_t length = utf8_sequence_bytes(rest_);
    if (length == 0 || static_cast<unsigned char>(rest_.front()) < ' ') return false;
    text += rest_.substr(0, length);
    rest_.remove_prefix(length);
    return true;
}

bool json_scanner::take_escape(std::string& text) {
    if (rest_.size() < 2) return false;
    const char letter = rest_[1];
    rest_.remove_prefix(2);
    if (letter == 'u') return take_code_point(text);
    text += unescaped(letter);
    return unescaped(letter) != 0;
}

bool json_scanner::take_code_point(std::string& text) {
    const std::optional<std::uint32_t> first = take_code_unit();
    if (!first || is_low_surrogate(*first)) return false;
    if (!is_high_surrogate(*first)) {
        append_utf8(text, *first);
        return true;
    }
    if (!rest_.starts_with("\\u")) return false;
    rest_.remove_prefix(2);
    const std::optional<std::uint32_t> second = take_code_unit();
    if (!second || !is_low_surrogate(*second)) return false;
    append_utf8(text, 0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00));
    return true;
}

std::optional<std::uint32_t> json_scanner::take_code_unit() {
    std::uint32_t unit = 0;
    const std::string_view digits = rest_.substr(0, 4);
    const char* end = digits.data() + digits.size();
    const auto result = std::from_chars(digits.data(), end, unit, 16);
    if (digits.size() != 4 || result.ec != std::errc{} || result.ptr != end) return {};
    rest_.remove_prefix(4);
    return unit;
}

}  // namespace signet::wire::detail
