// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_packed.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/alternatives.hpp>
#include <signet/wire/base64.hpp>
#include <signet/wire/cursor.hpp>
#include <signet/wire/json_output.hpp>

#include <string_view>
#include <vector>

namespace signet::wire::detail {
namespace {

using bytes_view = std::span<const std::byte>;

std::string_view as_text(bytes_view bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Walks over a message and its type together. What returns false has refused the message, and the
/// cursor knows why.
class packed_writer {
public:
    packed_writer(std::string& out, const type_descriptor& descriptor, bytes_view payload,
                  json_style style)
        : out_{out, descriptor, style},
          descriptor_{descriptor},
          from_{payload},
          alternatives_{descriptor} {}

    void run() {
        const auto root = static_cast<std::uint32_t>(descriptor_.types().size() - 1);
        bool done = write(root);
        if (done && from_.left() != 0) done = from_.fail("ends before its bytes do");
        if (done) return;
        throw error{errc::peer_misbehaved, "print a message as JSON", descriptor_.name(),
                    from_.complaint()};
    }

private:
    bool write(std::uint32_t index) {
        out_.check_limit();
        const type_info& type = descriptor_.type(index);
        switch (type.kind) {
            case type_kind::record: return write_record(type);
            case type_kind::variant: return write_variant(type);
            case type_kind::optional: return write_optional(type);
            case type_kind::map: return write_map(type);
            case type_kind::list:
            case type_kind::array: return write_run(type);
            case type_kind::text: return write_text();
            case type_kind::bytes:
            case type_kind::foreign: return write_bytes();
            case type_kind::enumeration: return write(type.element);
            case type_kind::character: return write_character();
            default: return write_number(type.kind);
        }
    }

    bool write_number(type_kind kind) {
        switch (kind) {
            case type_kind::boolean: return number<bool>();
            case type_kind::i8: return number<std::int8_t, int>();
            case type_kind::i16: return number<std::int16_t>();
            case type_kind::i32: return number<std::int32_t>();
            case type_kind::i64: return number<std::int64_t>();
            case type_kind::u8: return number<std::uint8_t, unsigned>();
            case type_kind::u16: return number<std::uint16_t>();
            case type_kind::u32: return number<std::uint32_t>();
            case type_kind::u64: return number<std::uint64_t>();
            case type_kind::f32: return number<float>();
            default: return number<double>();
        }
    }

    template <class Number, class Shown = Number>
    bool number() {
        Number value{};
        if (!from_.take_number(value)) return false;
        out_.number(Shown{value});
        return true;
    }

    bool write_character() {
        std::uint8_t value = 0;
        if (!from_.take_number(value)) return false;
        const char c = static_cast<char>(value);
        out_.characters({&c, 1});
        return true;
    }

    bool write_text() {
        bytes_view body;
        if (!from_.take_text(body)) return false;
        out_.text(as_text(body));
        return true;
    }

    bool write_bytes() {
        bytes_view body;
        if (!from_.take_bytes(body)) return false;
        out_.text(to_base64(body));
        return true;
    }

    bool write_record(const type_info& type) {
        std::size_t count = 0;
        if (!from_.take_list_head(count)) return false;
        if (count != type.fields.size()) return from_.fail("has the wrong number of fields");
        out_.open('{');
        for (std::size_t i = 0; i < count; ++i) {
            out_.next(i == 0, out_.is_indented());
            out_.name(type.fields[i].name);
            if (!write(type.fields[i].type)) return from_.inside(type.fields[i].name);
        }
        out_.close('}', out_.is_indented() && count != 0);
        return true;
    }

    bool write_variant(const type_info& type) {
        std::size_t count = 0;
        std::uint8_t index = 0;
        if (!from_.take_list_head(count)) return false;
        if (count != 2) return from_.fail("is not a list of an index and a value");
        if (!from_.take_number(index)) return false;
        if (index >= type.fields.size()) {
            return from_.fail("is of a type its variant does not have");
        }
        out_.open('{');
        out_.name(alternatives_.names(type)[index]);
        const bool done = write(type.fields[index].type);
        out_.close('}', false);
        return done;
    }

    bool write_optional(const type_info& type) {
        if (!from_.take_nil()) return write(type.element);
        out_.word("null");
        return true;
    }

    bool write_map(const type_info& type) {
        const bool is_object = descriptor_.type(type.key).kind == type_kind::text;
        std::size_t count = 0;
        if (!from_.take_map_head(count)) return false;
        out_.open(is_object ? '{' : '[');
        for (std::size_t i = 0; i < count; ++i) {
            out_.next(i == 0, out_.is_indented());
            if (!(is_object ? write_member(type) : write_pair(type))) return from_.inside("[]");
        }
        out_.close(is_object ? '}' : ']', out_.is_indented() && count != 0);
        return true;
    }

    bool write_member(const type_info& type) {
        bytes_view key;
        if (!from_.take_text(key)) return false;
        out_.name(as_text(key));
        return write(type.element);
    }

    bool write_pair(const type_info& type) {
        out_.open('[');
        if (!write(type.key)) return false;
        out_.next(false, false);
        if (!write(type.element)) return false;
        out_.close(']', false);
        return true;
    }

    /// A list or an array.
    bool write_run(const type_info& type) {
        const type_info& element = descriptor_.type(type.element);
        if (element.kind == type_kind::character) return write_characters(type);
        if (element.kind == type_kind::u8) return write_octets(type);
        std::size_t count = 0;
        if (!from_.take_list_head(count)) return false;
        if (!has_right_count(type, count)) return false;
        const bool line_each = out_.is_line_each(element) && count != 0;
        out_.open('[');
        for (std::size_t i = 0; i < count; ++i) {
            out_.next(i == 0, line_each);
            if (!write(type.element)) return from_.inside("[]");
        }
        out_.close(']', line_each);
        return true;
    }

    bool has_right_count(const type_info& type, std::size_t count) {
        if (type.kind == type_kind::list || type.count == count) return true;
        return from_.fail("has the wrong number of elements");
    }

    bool write_characters(const type_info& type) {
        bytes_view body;
        if (!from_.take_text(body)) return false;
        if (type.kind == type_kind::list) {
            out_.text(as_text(body));
            return true;
        }
        if (body.size() > type.count) return from_.fail("is too long");
        out_.characters(as_text(body));
        return true;
    }

    bool write_octets(const type_info& type) {
        bytes_view body;
        if (!from_.take_bytes(body) || !has_right_count(type, body.size())) return false;
        out_.open('[');
        for (std::size_t i = 0; i < body.size(); ++i) {
            out_.check_limit();
            out_.next(i == 0, false);
            out_.number(std::to_integer<unsigned>(body[i]));
        }
        out_.close(']', false);
        return true;
    }

    json_output out_;
    const type_descriptor& descriptor_;
    cursor from_;
    alternatives alternatives_;
};

}  // namespace

void append_packed_json(std::string& out, const type_descriptor& type, bytes_view payload,
                        json_style style) {
    // Text is looked at more than once here, so it must not change meanwhile.
    const std::vector<std::byte> copy(payload.begin(), payload.end());
    const type_kind kind = type.root().kind;
    if (kind == type_kind::text) return append_json_text(out, as_text(copy));
    if (type.is_opaque()) return append_json_text(out, to_base64(copy));
    packed_writer{out, type, copy, style}.run();
}

}  // namespace signet::wire::detail

namespace signet::wire {

void append_value_json(std::string& out, const type_descriptor& type,
                       std::span<const std::byte> value, json_style style) {
    const std::vector<std::byte> copy(value.begin(), value.end());
    detail::packed_writer{out, type, copy, style}.run();
}

}  // namespace signet::wire
