// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/utf8.hpp>

#include <algorithm>

namespace signet::wire {
namespace {

unsigned byte_at(std::string_view text, std::size_t index) {
    return static_cast<unsigned char>(text[index]);
}

/// By the first byte alone; 0 if no sequence begins with it.
std::size_t announced_bytes(unsigned first) {
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first < 0xe0) return 2;
    if (first >= 0xe0 && first < 0xf0) return 3;
    if (first >= 0xf0 && first < 0xf5) return 4;
    return 0;
}

/// Whether the second byte avoids overlong forms, surrogates and what lies beyond U+10FFFF.
bool second_byte_fits(unsigned first, unsigned second) {
    if (first == 0xe0) return second >= 0xa0;
    if (first == 0xed) return second < 0xa0;
    if (first == 0xf0) return second >= 0x90;
    if (first == 0xf4) return second < 0x90;
    return true;
}

/// The same, and 0 for control characters, including those that UTF-8 spells with two bytes.
std::size_t printable_bytes(std::string_view text) {
    const std::size_t length = utf8_sequence_bytes(text);
    if (length == 1) {
        const char c = text.front();
        return c == '\n' || c == '\t' || (c >= ' ' && c != '\x7f') ? 1 : 0;
    }
    const bool is_c1_control = length == 2 && byte_at(text, 0) == 0xc2 && byte_at(text, 1) < 0xa0;
    return is_c1_control ? 0 : length;
}

}  // namespace

std::size_t utf8_sequence_bytes(std::string_view text) noexcept {
    if (text.empty()) return 0;
    const unsigned first = byte_at(text, 0);
    const std::size_t length = announced_bytes(first);
    if (length <= 1) return length;
    if (text.size() < length || !second_byte_fits(first, byte_at(text, 1))) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(text, i) & 0xc0) != 0x80) return 0;
    }
    return length;
}

bool is_printable(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = printable_bytes(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string printable(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t length = printable_bytes(text);
        result += length == 0 ? std::string_view{"\xef\xbf\xbd"} : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return result;
}

}  // namespace signet::wire
