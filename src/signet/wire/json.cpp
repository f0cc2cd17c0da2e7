// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/json_output.hpp>
#include <signet/wire/json_packed.hpp>
#include <signet/wire/utf8.hpp>

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

template <class Value>
Value load(bytes_view bytes) {
    Value value;
    std::memcpy(&value, bytes.first(sizeof value).data(), sizeof value);
    return value;
}

/// Of types of a fixed size.
class writer {
public:
    writer(std::string& out, const type_descriptor& descriptor, json_style style)
        : out_{out, descriptor, style}, descriptor_{descriptor} {}

    void write(const type_info& type, bytes_view bytes) {
        out_.check_limit();
        switch (type.kind) {
            case type_kind::structure: return write_structure(type, bytes);
            case type_kind::array: return write_array(type, bytes);
            case type_kind::enumeration: return write(descriptor_.type(type.element), bytes);
            default: return write_scalar(type.kind, bytes);
        }
    }

private:
    void write_structure(const type_info& type, bytes_view bytes) {
        out_.open('{');
        bool first = true;
        for (const field_info& field : type.fields) {
            out_.next(std::exchange(first, false), out_.is_indented());
            out_.name(field.name);
            const type_info& of = descriptor_.type(field.type);
            write(of, bytes.subspan(field.offset, of.size));
        }
        out_.close('}', out_.is_indented() && !type.fields.empty());
    }

    void write_array(const type_info& type, bytes_view bytes) {
        const type_info& of = descriptor_.type(type.element);
        if (of.kind == type_kind::character) return out_.characters(as_text(bytes));
        const bool line_each = out_.is_line_each(of);
        out_.open('[');
        for (std::uint64_t i = 0; i < type.count; ++i) {
            out_.next(i == 0, line_each);
            write(of, bytes.subspan(i * of.size, of.size));
        }
        out_.close(']', line_each);
    }

    void write_scalar(type_kind kind, bytes_view bytes) {
        switch (kind) {
            case type_kind::boolean: return out_.number(bytes.front() != std::byte{0});
            case type_kind::i8: return out_.number(int{load<std::int8_t>(bytes)});
            case type_kind::i16: return out_.number(load<std::int16_t>(bytes));
            case type_kind::i32: return out_.number(load<std::int32_t>(bytes));
            case type_kind::i64: return out_.number(load<std::int64_t>(bytes));
            case type_kind::u8: return out_.number(unsigned{load<std::uint8_t>(bytes)});
            case type_kind::u16: return out_.number(load<std::uint16_t>(bytes));
            case type_kind::u32: return out_.number(load<std::uint32_t>(bytes));
            case type_kind::u64: return out_.number(load<std::uint64_t>(bytes));
            case type_kind::f32: return out_.number(load<float>(bytes));
            case type_kind::f64: return out_.number(load<double>(bytes));
            default: return out_.characters(as_text(bytes));
        }
    }

    detail::json_output out_;
    const type_descriptor& descriptor_;
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
    if (!type.has_fixed_size()) return detail::append_packed_json(out, type, payload, style);
    writer{out, type, style}.write(type.root(), payload);
}

}  // namespace signet::wire
