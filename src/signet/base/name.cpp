// SPDX-License-Identifier: Apache-2.0
#include <signet/base/name.hpp>

#include <signet/base/error.hpp>

#include <algorithm>

namespace signet {
namespace {

constexpr std::string_view default_scheme = "shm";
constexpr std::string_view scheme_end = "://";
constexpr std::size_t shown_bytes_max = 60;
constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t relayed_id_digits = 16;

int value_of(char digit) {
    const std::size_t value = digits.find(digit);
    return value == std::string_view::npos ? 0 : static_cast<int>(value);
}

[[noreturn]] void fail(std::string_view text, const std::string& advice) {
    std::string shown{text.substr(0, shown_bytes_max)};
    std::replace_if(shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    if (text.size() > shown_bytes_max) shown += "...";
    throw error{errc::bad_name, "use name", shown, advice};
}

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_allowed(char c) {
    return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.';
}

/// Whether a name may stand for others.
enum class wildcards { none, allowed };

/// A segment with a '*' in it that is none of the two wildcards.
[[noreturn]] void fail_for_star(std::string_view text, std::string_view segment, wildcards use) {
    if (use == wildcards::none) {
        fail(text, "'*' stands for other names where you subscribe; here give one name without it");
    }
    if (segment == "**") fail(text, "'**' may stand only at the end");
    fail(text, "'*' stands for a whole part, such as in 'robot/*/pose'");
}

void check_segment(std::string_view text, std::string_view segment, wildcards use, bool last) {
    const bool wild = segment == "*" || (segment == "**" && last);
    if (wild && use == wildcards::allowed) return;
    if (is_wild(segment)) fail_for_star(text, segment, use);
    if (segment.empty()) fail(text, "a name has no empty part: remove the extra '/'");
    if (segment.front() == '.') fail(text, "no part of a name begins with '.'");
    const auto bad = std::find_if_not(segment.begin(), segment.end(), is_allowed);
    if (bad == segment.end()) return;
    fail(text, "a name has only letters, digits, '_', '-', '.' and '/' between its parts");
}

void check_name(std::string_view text, std::string_view name, wildcards use) {
    if (name.empty()) fail(text, "give it at least one character, such as 'robot/pose'");
    if (name.size() > name_bytes_max) {
        fail(text, "it has " + std::to_string(name.size()) + " bytes; at most " +
                       std::to_string(name_bytes_max) + " are allowed");
    }
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t end = std::min(name.find('/', begin), name.size());
        check_segment(text, name.substr(begin, end - begin), use, end == name.size());
        begin = end + 1;
    }
}

address parse(std::string_view text, wildcards use) {
    const std::size_t colon = text.find(scheme_end);
    const bool bare = colon == std::string_view::npos;
    const std::string_view scheme = bare ? default_scheme : text.substr(0, colon);
    const std::string_view name = bare ? text : text.substr(colon + scheme_end.size());
    if (scheme != default_scheme) {
        fail(text, "this build carries only shm://; leave the scheme out");
    }
    check_name(text, name, use);
    return {std::string{scheme}, std::string{name}};
}

}  // namespace

address parse_address(std::string_view text) {
    return parse(text, wildcards::none);
}

address split_address(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (text.empty()) fail(text, "give it a carrier and a place, such as 'unix:///run/x.sock'");
    if (colon == std::string_view::npos) return {std::string{default_scheme}, std::string{text}};
    const std::string_view scheme = text.substr(0, colon);
    const bool letters = std::all_of(scheme.begin(), scheme.end(), is_letter_or_digit);
    if (scheme.empty() || !letters) {
        fail(text, "it begins with the name of a carrier, such as 'unix://' or 'tcp://'");
    }
    const bool slashes = text.substr(colon).starts_with(scheme_end);
    return {std::string{scheme}, std::string{text.substr(colon + (slashes ? 3 : 1))}};
}

address parse_pattern(std::string_view text) {
    return parse(text, wildcards::allowed);
}

// Bytes other than letters and digits are '_' and two hexadecimal digits.
std::string relayed_name(std::string_view address, std::uint64_t id) {
    std::string name{relayed_prefix};
    for (int shift = 60; shift >= 0; shift -= 4) name += digits[id >> shift & 15];
    name += '/';
    for (const char c : address) {
        if (name.size() + 3 > name_bytes_max) break;
        if (is_letter_or_digit(c)) {
            name += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            name += {'_', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return name;
}

std::string name_for_people(std::string_view name) {
    const std::size_t prefix = relayed_prefix.size() + relayed_id_digits + 1;
    if (!name.starts_with(relayed_prefix) || name.size() <= prefix) return std::string{name};
    std::string address;
    for (std::size_t at = prefix; at < name.size(); ++at) {
        if (name[at] != '_') {
            address += name[at];
        } else if (at + 2 < name.size()) {
            address += static_cast<char>(16 * value_of(name[at + 1]) + value_of(name[at + 2]));
            at += 2;
        }
    }
    return address;
}

}  // namespace signet
