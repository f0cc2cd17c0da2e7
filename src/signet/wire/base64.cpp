// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/base64.hpp>

#include <algorithm>
#include <cstdint>

namespace signet::wire {
namespace {

constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The four digits of up to three bytes.
void append_group(std::string& text, std::span<const std::byte> bytes) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        bits = bits << 8 | (i < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i]) : 0);
    }
    for (std::size_t i = 0; i < 4; ++i) {
        text += i <= bytes.size() ? digits[bits >> (18 - 6 * i) & 63] : '=';
    }
}

/// False where one of the digits is none.
bool append_bytes(std::vector<std::byte>& bytes, std::string_view group) {
    std::uint32_t bits = 0;
    for (const char c : group) {
        const std::size_t digit = digits.find(c);
        if (digit == std::string_view::npos) return false;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
    }
    bits <<= 6 * (4 - group.size());
    for (std::size_t i = 0; i + 1 < group.size(); ++i) {
        bytes.push_back(static_cast<std::byte>(bits >> (16 - 8 * i) & 0xff));
    }
    return true;
}

}  // namespace

std::string to_base64(std::span<const std::byte> bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        append_group(text, bytes.subspan(at, std::min<std::size_t>(3, bytes.size() - at)));
    }
    return text;
}

std::optional<std::vector<std::byte>> from_base64(std::string_view text) {
    std::vector<std::byte> bytes;
    std::string_view rest = text;
    if (rest.size() % 4 != 0) return std::nullopt;
    for (int padding = 0; padding < 2 && rest.ends_with('='); ++padding) rest.remove_suffix(1);
    for (; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(4, rest.size()))) {
        if (!append_bytes(bytes, rest.substr(0, 4))) return std::nullopt;
    }
    // One spelling per value: the bits that padding cuts off are zero.
    return to_base64(bytes) == text ? std::optional{std::move(bytes)} : std::nullopt;
}

}  // namespace signet::wire
