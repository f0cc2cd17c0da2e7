// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/base64.hpp>
#include <signet/wire/utf8.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstring>
#include <utility>

namespace signet::wire {
namespace {

using bytes_view = std::span<const std::byte>;

std::string_view as_text(bytes_view bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Whether `c` has a short escape: then its letter, else 0.
char escape_letter(char c) {
    switch (c) {
        case '"': return '"';
        case '\\': return '\\';
        case '\n': return 'n';
        case '\r': return 'r';
        case '\t': return 't';
        default: return 0;
    }
}

void append_code_point(std::string& out, unsigned code) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u";
    for (unsigned shift = 16; shift != 0; shift -= 4) out += digits[code >> (shift - 4) & 15];
}

void append_escaped(std::string& out, std::string_view sequence) {
    if (const char letter = escape_letter(sequence.front())) {
        out += '\\';
        out += letter;
    } else if (is_printable(sequence)) {
        out += sequence;
    } else {
        // Control characters have one byte, or two of which the second is the code.
        append_code_point(out, static_cast<unsigned char>(sequence.back()));
    }
}

template <class Number>
void append_number(std::string& out, Number number) {
    std::array<char, 40> buffer;
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    out.append(buffer.data(), result.ptr);
}

template <std::floating_point Number>
void append_real(std::string& out, Number number) {
    if (std::isfinite(number)) return append_number(out, number);
    if (std::isnan(number)) out += "\"nan\"";
    if (std::isinf(number)) out += number > 0 ? "\"inf\"" : "\"-inf\"";
}

template <class Value>
Value load(bytes_view bytes) {
    Value value;
    std::memcpy(&value, bytes.first(sizeof value).data(), sizeof value);
    return value;
}

void append_scalar(std::string& out, type_kind kind, bytes_view bytes) {
    switch (kind) {
        case type_kind::boolean: out += bytes.front() != std::byte{0} ? "true" : "false"; break;
        case type_kind::i8: append_number(out, int{load<std::int8_t>(bytes)}); break;
        case type_kind::i16: append_number(out, load<std::int16_t>(bytes)); break;
        case type_kind::i32: append_number(out, load<std::int32_t>(bytes)); break;
        case type_kind::i64: append_number(out, load<std::int64_t>(bytes)); break;
        case type_kind::u8: append_number(out, unsigned{load<std::uint8_t>(bytes)}); break;
        case type_kind::u16: append_number(out, load<std::uint16_t>(bytes)); break;
        case type_kind::u32: append_number(out, load<std::uint32_t>(bytes)); break;
        case type_kind::u64: append_number(out, load<std::uint64_t>(bytes)); break;
        case type_kind::f32: append_real(out, load<float>(bytes)); break;
        case type_kind::f64: append_real(out, load<double>(bytes)); break;
        default: append_json_text(out, as_text(bytes).substr(0, as_text(bytes).find('\0'))); break;
    }
}

class writer {
public:
    writer(std::string& out, const type_descriptor& descriptor, json_style style)
        : out_{out}, begin_{out.size()}, descriptor_{descriptor}, style_{style} {}

    void write(const type_info& type, bytes_view bytes) {
        check_limit();
        switch (type.kind) {
            case type_kind::structure: return write_structure(type, bytes);
            case type_kind::array: return write_array(type, bytes);
            case type_kind::enumeration: return write(descriptor_.type(type.element), bytes);
            case type_kind::text: return append_json_text(out_, as_text(bytes));
            case type_kind::bytes: return append_json_text(out_, to_base64(bytes));
            default: return append_scalar(out_, type.kind, bytes);
        }
    }

private:
    void check_limit() const {
        if (out_.size() - begin_ <= json_bytes_max) return;
        throw error{errc::too_large, "print a message as JSON", descriptor_.name(),
                    "it would take more than 64 MiB"};
    }

    void write_structure(const type_info& type, bytes_view bytes) {
        open('{');
        bool first = true;
        for (const field_info& field : type.fields) {
            next(std::exchange(first, false), style_ == json_style::indented);
            append_json_text(out_, field.name);
            out_ += style_ == json_style::indented ? ": " : ":";
            const type_info& of = descriptor_.type(field.type);
            write(of, bytes.subspan(field.offset, of.size));
        }
        close('}', style_ == json_style::indented && !type.fields.empty());
    }

    void write_array(const type_info& type, bytes_view bytes) {
        const type_info& of = descriptor_.type(type.element);
        if (of.kind == type_kind::character) return append_scalar(out_, of.kind, bytes);
        const bool line_each = style_ == json_style::indented && !fits_a_line(of);
        open('[');
        for (std::uint64_t i = 0; i < type.count; ++i) {
            next(i == 0, line_each);
            write(of, bytes.subspan(i * of.size, of.size));
        }
        close(']', line_each);
    }

    static bool fits_a_line(const type_info& element) {
        return is_scalar(element.kind) || element.kind == type_kind::enumeration;
    }

    void open(char bracket) {
        out_ += bracket;
        ++depth_;
    }

    void next(bool first, bool on_new_line) {
        if (!first) out_ += style_ == json_style::indented && !on_new_line ? ", " : ",";
        if (on_new_line) new_line();
    }

    void close(char bracket, bool on_new_line) {
        --depth_;
        if (on_new_line) new_line();
        out_ += bracket;
    }

    void new_line() {
        out_ += '\n';
        out_.append(2 * depth_, ' ');
    }

    std::string& out_;
    std::size_t begin_;
    const type_descriptor& descriptor_;
    json_style style_;
    std::size_t depth_ = 0;
};

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const std::size_t length = utf8_sequence_bytes(text);
        if (length == 0) {
            out += "\xef\xbf\xbd";
            text.remove_prefix(1);
        } else {
            append_escaped(out, text.substr(0, length));
            text.remove_prefix(length);
        }
    }
    out += '"';
}

void append_json(std::string& out, const type_descriptor& type, std::span<const std::byte> payload,
                 json_style style) {
    if (type.has_fixed_size() && payload.size() != type.size()) {
        throw error{errc::peer_misbehaved, "print a message as JSON", type.name(),
                    "it has " + std::to_string(payload.size()) + " bytes; its type has " +
                        std::to_string(type.size())};
    }
    writer{out, type, style}.write(type.root(), payload);
}

}  // namespace signet::wire
