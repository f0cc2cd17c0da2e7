// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_splitter.hpp>

#include <signet/base/error.hpp>

#include <algorithm>
#include <string>

namespace signet::wire {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < ' ';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool begins_scalar(char c) {
    return is_digit(c) || c == '-' || c == 't' || c == 'f' || c == 'n';
}

bool is_of_scalar(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == 'E' || c == '.' || c == '-' || c == '+';
}

}  // namespace

std::optional<std::span<const std::byte>> json_splitter::next() {
    pass_gap();
    const auto end = find_end(there_.rest());
    if (!end) {
        there_.keep_rest();
        return std::nullopt;
    }
    scanned_ = 0;
    next_ = awaited::value;
    depth_ = 0;
    return there_.take(*end);
}

// What stands between texts is nobody's.
void json_splitter::pass_gap() {
    if (broken_) pass_line();
    if (broken_ || scanned_ != 0) return;  // a text has begun
    const auto rest = there_.rest();
    const auto at = std::find_if(rest.begin(), rest.end(),
                                 [](std::byte b) { return !is_space(static_cast<char>(b)); });
    there_.take(static_cast<std::size_t>(at - rest.begin()));
}

// The rest of a line that is broken.
void json_splitter::pass_line() {
    const auto rest = there_.rest();
    const auto end = std::find(rest.begin(), rest.end(), std::byte{'\n'});
    const auto bytes = static_cast<std::size_t>(end - rest.begin());
    there_.take(bytes);
    passed_ += bytes;
    broken_ = end == rest.end();
    if (broken_ && passed_ > most_) complain("a line");
    if (!broken_) passed_ = 0;
}

void json_splitter::complain(const char* what) const {
    throw error{errc::too_large,
                "read call",
                {},
                "the peer sends " + std::string{what} + " of more than " + std::to_string(most_) +
                    " bytes"};
}

// The size of the text that begins with `bytes`; goes on where it stopped the last time.
std::optional<std::size_t> json_splitter::find_end(std::span<const std::byte> bytes) {
    for (; scanned_ < bytes.size(); ++scanned_) {
        const part what = look_at(static_cast<char>(bytes[scanned_]));
        broken_ = what == part::wrong;
        if (what == part::behind || what == part::wrong) return scanned_;
        if (scanned_ >= most_) complain("a text");
        if (what == part::last) return scanned_ + 1;
    }
    return std::nullopt;
}

json_splitter::part json_splitter::look_at(char c) {
    switch (next_) {
        case awaited::character:
            if (c == '"') return end_quotes();
            if (c == '\\') next_ = awaited::escaped;
            return is_control(c) ? part::wrong : part::inside;
        case awaited::escaped:
            next_ = awaited::character;
            return is_control(c) ? part::wrong : part::inside;
        case awaited::scalar:
            if (is_of_scalar(c)) return part::inside;
            if (end_value() == part::last) return part::behind;
            break;
        default: break;
    }
    return is_space(c) ? part::inside : look_at_token(c);
}

json_splitter::part json_splitter::look_at_token(char c) {
    const bool may_end = next_ == awaited::value_or_end || next_ == awaited::name_or_end ||
                         next_ == awaited::comma_or_end;
    if (may_end && (c == ']' || c == '}')) return close(c);
    switch (next_) {
        case awaited::value:
        case awaited::value_or_end: return look_at_value(c);
        case awaited::name:
        case awaited::name_or_end:
            names_ = true;
            next_ = awaited::character;
            return c == '"' ? part::inside : part::wrong;
        case awaited::colon: next_ = awaited::value; return c == ':' ? part::inside : part::wrong;
        default:
            next_ = in_object() ? awaited::name : awaited::value;
            return c == ',' ? part::inside : part::wrong;
    }
}

json_splitter::part json_splitter::look_at_value(char c) {
    if (c == '{' || c == '[') return open(c == '{');
    names_ = false;
    next_ = c == '"' ? awaited::character : awaited::scalar;
    return c == '"' || begins_scalar(c) ? part::inside : part::wrong;
}

json_splitter::part json_splitter::open(bool object) {
    if (depth_ == json_depth_max) return part::wrong;
    objects_[depth_++] = object;
    next_ = object ? awaited::name_or_end : awaited::value_or_end;
    return part::inside;
}

json_splitter::part json_splitter::close(char c) {
    if (c != (in_object() ? '}' : ']')) return part::wrong;
    --depth_;
    return end_value();
}

json_splitter::part json_splitter::end_quotes() {
    if (!names_) return end_value();
    next_ = awaited::colon;
    return part::inside;
}

json_splitter::part json_splitter::end_value() {
    next_ = awaited::comma_or_end;
    return depth_ == 0 ? part::last : part::inside;
}

}  // namespace signet::wire
