// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_reader.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/base64.hpp>
#include <signet/wire/utf8.hpp>

#include <charconv>
#include <concepts>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>

namespace signet::wire {
namespace {

constexpr std::size_t shown_bytes_max = 24;

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

/// Walks over JSON. What a function returns `false` or no value for is not there; the position is
/// then undefined.
class scanner {
public:
    explicit scanner(std::string_view json) : rest_{json} {}

    std::string_view rest() const { return rest_; }

    /// Whether the next character is `c`; if so, goes past it.
    bool take(char c) {
        skip_spaces();
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    bool take_word(std::string_view word) {
        skip_spaces();
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    bool at_end() {
        skip_spaces();
        return rest_.empty();
    }

    std::string_view take_number() {
        skip_spaces();
        const std::size_t end = rest_.find_first_not_of("+-.0123456789eE");
        const std::string_view number = rest_.substr(0, end);
        rest_.remove_prefix(number.size());
        return number;
    }

    std::optional<std::string> take_text() {
        std::string text;
        if (!take('"')) return std::nullopt;
        while (!rest_.starts_with('"')) {
            if (!take_character(text)) return std::nullopt;
        }
        rest_.remove_prefix(1);
        return text;
    }

private:
    void skip_spaces() {
        const std::size_t begin = rest_.find_first_not_of(" \t\r\n");
        rest_.remove_prefix(begin == std::string_view::npos ? rest_.size() : begin);
    }

    bool take_character(std::string& text) {
        if (rest_.starts_with('\\')) return take_escape(text);
        const std::size_t length = utf8_sequence_bytes(rest_);
        if (length == 0 || static_cast<unsigned char>(rest_.front()) < ' ') return false;
        text += rest_.substr(0, length);
        rest_.remove_prefix(length);
        return true;
    }

    bool take_escape(std::string& text) {
        if (rest_.size() < 2) return false;
        const char letter = rest_[1];
        rest_.remove_prefix(2);
        if (letter == 'u') return take_code_point(text);
        text += unescaped(letter);
        return unescaped(letter) != 0;
    }

    bool take_code_point(std::string& text) {
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

    std::optional<std::uint32_t> take_code_unit() {
        std::uint32_t unit = 0;
        const std::string_view digits = rest_.substr(0, 4);
        const char* end = digits.data() + digits.size();
        const auto result = std::from_chars(digits.data(), end, unit, 16);
        if (digits.size() != 4 || result.ec != std::errc{} || result.ptr != end) return {};
        rest_.remove_prefix(4);
        return unit;
    }

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

class reader {
public:
    reader(const type_descriptor& descriptor, std::string_view json)
        : descriptor_{descriptor}, json_{json} {}

    std::vector<std::byte> run() {
        std::vector<std::byte> message(descriptor_.size());
        const type_info& root = descriptor_.root();
        if (root.kind == type_kind::text) {
            message = bytes_of(expect_text("text"));
        } else if (root.kind == type_kind::bytes) {
            message = read_base64();
        } else {
            read(static_cast<std::uint32_t>(descriptor_.types().size() - 1), message);
        }
        if (!json_.at_end()) fail("the end", json_.rest());
        return message;
    }

private:
    using room = std::span<std::byte>;

    [[noreturn]] void complain(std::string_view why) const {
        const std::string advice =
            (path_.empty() ? "it " : "field '" + printable(path_) + "' ") + std::string{why};
        throw error{errc::incompatible_type, "read JSON as", descriptor_.name(), advice};
    }

    [[noreturn]] void fail(std::string_view expected, std::string_view at) const {
        std::string why = "expects ";
        why += expected;
        if (at.empty()) complain(why + ", found the end");
        std::string shown = printable(at.substr(0, shown_bytes_max));
        complain(why + ", found '" + shown + (at.size() > shown_bytes_max ? "...'" : "'"));
    }

    void expect(char c) {
        if (json_.take(c)) return;
        const char expected[] = {'\'', c, '\''};
        fail({expected, sizeof expected}, json_.rest());
    }

    std::string expect_text(std::string_view expected) {
        const std::string_view begin = json_.rest();
        if (std::optional<std::string> text = json_.take_text()) return *std::move(text);
        fail(expected, begin);
    }

    static std::vector<std::byte> bytes_of(std::string_view text) {
        const auto* begin = reinterpret_cast<const std::byte*>(text.data());
        return {begin, begin + text.size()};
    }

    std::vector<std::byte> read_base64() {
        const std::string_view begin = json_.rest();
        if (auto bytes = from_base64(expect_text("text in base64"))) return *std::move(bytes);
        fail("text in base64", begin);
    }

    void read(std::uint32_t index, room into) {
        const type_info& type = descriptor_.type(index);
        switch (type.kind) {
            case type_kind::structure: return read_structure(type, into);
            case type_kind::array: return read_array(index, into);
            case type_kind::enumeration: return read(type.element, into);
            case type_kind::character: return read_characters(index, into);
            default: return read_scalar(type.kind, into);
        }
    }

    void read_structure(const type_info& type, room into) {
        expect('{');
        if (json_.take('}')) return;
        std::vector<bool> seen(type.fields.size());
        do {
            const std::size_t index = read_name(type);
            const std::size_t parent = enter((path_.empty() ? "" : ".") + type.fields[index].name);
            if (seen[index]) complain("comes twice");
            seen[index] = true;
            expect(':');
            const field_info& field = type.fields[index];
            read(field.type, into.subspan(field.offset, descriptor_.type(field.type).size));
            path_.resize(parent);
        } while (json_.take(','));
        expect('}');
    }

    /// The index of the field that comes next.
    std::size_t read_name(const type_info& type) {
        const std::string name = expect_text("the name of a field");
        for (std::size_t i = 0; i < type.fields.size(); ++i) {
            if (type.fields[i].name == name) return i;
        }
        complain("has no field '" + printable(name) + "'; it has " + names_of(type));
    }

    static std::string names_of(const type_info& type) {
        std::string names;
        for (const field_info& field : type.fields) {
            names += (names.empty() ? "'" : ", '") + field.name + "'";
        }
        return names.empty() ? "none" : names;
    }

    void read_array(std::uint32_t index, room into) {
        const type_info& type = descriptor_.type(index);
        const type_info& element = descriptor_.type(type.element);
        if (element.kind == type_kind::character) return read_characters(index, into);
        expect('[');
        for (std::uint64_t i = 0; i < type.count; ++i) {
            const std::size_t parent = enter_element(i);
            if (i != 0) expect(',');
            read(type.element, into.subspan(i * element.size, element.size));
            path_.resize(parent);
        }
        if (!json_.take(']')) fail(std::to_string(type.count) + " elements and ']'", json_.rest());
    }

    void read_characters(std::uint32_t index, room into) {
        const std::string expected = type_text(descriptor_, index);
        const std::string text = expect_text("text for " + expected);
        if (text.size() > into.size()) {
            complain("is " + expected + "; the text has " + std::to_string(text.size()) + " bytes");
        }
        if (!text.empty()) std::memcpy(into.data(), text.data(), text.size());
    }

    void read_scalar(type_kind kind, room into) {
        switch (kind) {
            case type_kind::boolean: return read_boolean(into);
            case type_kind::i8: return read_number<std::int8_t>("i8", into);
            case type_kind::i16: return read_number<std::int16_t>("i16", into);
            case type_kind::i32: return read_number<std::int32_t>("i32", into);
            case type_kind::i64: return read_number<std::int64_t>("i64", into);
            case type_kind::u8: return read_number<std::uint8_t>("u8", into);
            case type_kind::u16: return read_number<std::uint16_t>("u16", into);
            case type_kind::u32: return read_number<std::uint32_t>("u32", into);
            case type_kind::u64: return read_number<std::uint64_t>("u64", into);
            case type_kind::f32: return read_real<float>("f32", into);
            default: return read_real<double>("f64", into);
        }
    }

    void read_boolean(room into) {
        const bool yes = json_.take_word("true");
        if (!yes && !json_.take_word("false")) fail("true or false", json_.rest());
        into.front() = std::byte{yes};
    }

    template <class Number>
    void read_number(std::string_view expected, room into) {
        const std::string_view begin = json_.rest();
        const std::optional<Number> number = parse_number<Number>(json_.take_number());
        if (!number) fail(expected, begin);
        std::memcpy(into.data(), &*number, sizeof *number);
    }

    template <class Number>
    void read_real(std::string_view expected, room into) {
        const std::string_view begin = json_.rest();
        if (!json_.take('"')) return read_number<Number>(expected, into);
        json_ = scanner{begin};
        const std::optional<Number> number = parse_special<Number>(expect_text(expected));
        if (!number) fail(expected, begin);
        std::memcpy(into.data(), &*number, sizeof *number);
    }

    /// Appends a part to the path; the length to go back to.
    std::size_t enter(std::string_view part) {
        const std::size_t parent = path_.size();
        path_ += part;
        return parent;
    }

    std::size_t enter_element(std::uint64_t index) {
        const std::size_t parent = enter("[");
        path_ += std::to_string(index);
        path_ += ']';
        return parent;
    }

    const type_descriptor& descriptor_;
    scanner json_;
    std::string path_;
};

}  // namespace

std::vector<std::byte> parse_json(const type_descriptor& type, std::string_view json) {
    if (type.size() > json_message_bytes_max) {
        throw error{errc::too_large, "read JSON as", type.name(),
                    "a message of it has " + std::to_string(type.size()) + " bytes"};
    }
    return reader{type, json}.run();
}

}  // namespace signet::wire
