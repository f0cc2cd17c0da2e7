// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_packed_reader.hpp>

#include <signet/wire/alternatives.hpp>
#include <signet/wire/json_input.hpp>
#include <signet/wire/message_builder.hpp>
#include <signet/wire/utf8.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace signet::wire::detail {
namespace {

/// Fields that the JSON leaves out.
enum class left_out {
    have_defaults,
    must_be_optional,
};

class packed_reader {
public:
    packed_reader(const type_descriptor& descriptor, std::string_view json,
                  left_out fields = left_out::have_defaults)
        : descriptor_{descriptor},
          json_{descriptor, json},
          alternatives_{descriptor},
          left_out_{fields} {}

    byte_vector run() {
        byte_vector message = descriptor_.is_opaque() ? read_opaque() : read_whole();
        json_.expect_end();
        return message;
    }

    byte_vector run_value() {
        byte_vector value = read_whole();
        json_.expect_end();
        return value;
    }

private:
    byte_vector read_opaque() {
        if (descriptor_.root().kind == type_kind::text)
            return text_bytes(json_.expect_text("text"));
        return json_.expect_base64();
    }

    byte_vector read_whole() {
        read(static_cast<std::uint32_t>(descriptor_.types().size() - 1));
        return std::move(out_.bytes);
    }

    void read(std::uint32_t index) {
        check_limit(descriptor_, out_);
        const type_info& type = descriptor_.type(index);
        switch (type.kind) {
            case type_kind::record: return read_record(type);
            case type_kind::variant: return read_variant(type);
            case type_kind::optional: return read_optional(type);
            case type_kind::map: return read_map(type);
            case type_kind::list: return read_list(type);
            case type_kind::array: return read_array(index);
            case type_kind::text: return out_.text(json_.expect_text("text"));
            case type_kind::bytes:
            case type_kind::foreign: return out_.binary(json_.expect_base64());
            case type_kind::enumeration: return read(type.element);
            case type_kind::character: return read_character();
            default: return read_number(type.kind);
        }
    }

    void read_number(type_kind kind) {
        switch (kind) {
            case type_kind::boolean: return out_.number(json_.expect_boolean());
            case type_kind::i8: return out_.number(json_.expect_integer<std::int8_t>("i8"));
            case type_kind::i16: return out_.number(json_.expect_integer<std::int16_t>("i16"));
            case type_kind::i32: return out_.number(json_.expect_integer<std::int32_t>("i32"));
            case type_kind::i64: return out_.number(json_.expect_integer<std::int64_t>("i64"));
            case type_kind::u8: return out_.number(json_.expect_integer<std::uint8_t>("u8"));
            case type_kind::u16: return out_.number(json_.expect_integer<std::uint16_t>("u16"));
            case type_kind::u32: return out_.number(json_.expect_integer<std::uint32_t>("u32"));
            case type_kind::u64: return out_.number(json_.expect_integer<std::uint64_t>("u64"));
            case type_kind::f32: return out_.number(json_.expect_real<float>("f32"));
            default: return out_.number(json_.expect_real<double>("f64"));
        }
    }

    std::string read_characters(const std::string& expected, std::uint64_t most) {
        std::string text = json_.expect_text("text for " + expected);
        if (text.size() <= most) return text;
        json_.complain("is " + expected + "; the text has " + std::to_string(text.size()) +
                       " bytes");
    }

    void read_character() {
        const std::string text = read_characters("char", 1);
        out_.number(static_cast<std::uint8_t>(text.empty() ? '\0' : text.front()));
    }

    void read_record(const type_info& type) {
        std::vector<bool> seen(type.fields.size());
        std::vector<byte_vector> values(type.fields.size());
        json_.expect('{');
        if (!json_.scanner().take('}')) {
            read_fields(type, seen, values);
            json_.expect('}');
        }
        out_.head(format::put_list_head, values.size(), out_.bytes.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            seen[i] ? out_.append(values[i]) : put_left_out(type.fields[i]);
        }
    }

    void put_left_out(const field_info& field) {
        const bool is_optional = descriptor_.type(field.type).kind == type_kind::optional;
        if (left_out_ == left_out::must_be_optional && !is_optional) {
            json_.enter_field(field.name);
            json_.complain("is missing, and is not optional");
        }
        put_default(out_, descriptor_, field.type);
    }

    /// They come in any order, and are written in that of the type.
    void read_fields(const type_info& type, std::vector<bool>& seen,
                     std::vector<byte_vector>& values) {
        do {
            std::size_t parent = 0;
            const std::size_t index = json_.expect_field(type, seen, parent);
            byte_vector before = std::exchange(out_.bytes, {});
            read(type.fields[index].type);
            values[index] = std::exchange(out_.bytes, std::move(before));
            json_.leave(parent);
        } while (json_.scanner().take(','));
    }

    void read_variant(const type_info& type) {
        const std::vector<std::string>& names = alternatives_.names(type);
        json_.expect('{');
        const std::string name = json_.expect_text("the name of a type");
        const auto found = std::find(names.begin(), names.end(), name);
        if (found == names.end()) complain_of_alternative(name, names);
        const auto index = static_cast<std::size_t>(found - names.begin());
        json_.expect(':');
        out_.mark(format::fixarray | 2);
        out_.mark(static_cast<unsigned>(index));
        read(type.fields[index].type);
        json_.expect('}');
    }

    [[noreturn]] void complain_of_alternative(std::string_view name,
                                              const std::vector<std::string>& names) const {
        std::string known;
        for (const std::string& text : names) known += (known.empty() ? "'" : ", '") + text + "'";
        json_.complain("cannot be '" + printable(name) + "'; it is one of " + known);
    }

    void read_optional(const type_info& type) {
        if (json_.scanner().take_word("null")) return out_.mark(format::nil);
        read(type.element);
    }

    void read_map(const type_info& type) {
        const bool is_object = descriptor_.type(type.key).kind == type_kind::text;
        const std::size_t begin = out_.bytes.size();
        std::set<std::string> keys;
        json_.expect(is_object ? '{' : '[');
        if (!json_.scanner().take(is_object ? '}' : ']')) {
            do {
                is_object ? read_member(type, keys) : read_pair(type, keys);
            } while (json_.scanner().take(','));
            json_.expect(is_object ? '}' : ']');
        }
        out_.head(format::put_map_head, keys.size(), begin);
    }

    void read_key(const type_info& type, std::set<std::string>& keys) {
        const std::size_t begin = out_.bytes.size();
        read(type.key);
        const auto* key = reinterpret_cast<const char*>(out_.bytes.data() + begin);
        const bool is_new = keys.emplace(key, out_.bytes.size() - begin).second;
        if (!is_new) json_.complain("has a key twice");
    }

    void read_member(const type_info& type, std::set<std::string>& keys) {
        read_key(type, keys);
        const std::size_t parent = json_.enter("[]");
        json_.expect(':');
        read(type.element);
        json_.leave(parent);
    }

    void read_pair(const type_info& type, std::set<std::string>& keys) {
        const std::size_t parent = json_.enter_element(keys.size());
        json_.expect('[');
        read_key(type, keys);
        json_.expect(',');
        read(type.element);
        json_.expect(']');
        json_.leave(parent);
    }

    /// The number of elements. A run of u8 is written without heads.
    std::size_t read_elements(const type_info& type) {
        const bool is_octet = descriptor_.type(type.element).kind == type_kind::u8;
        std::size_t count = 0;
        json_.expect('[');
        if (json_.scanner().take(']')) return 0;
        do {
            const std::size_t parent = json_.enter_element(count++);
            if (is_octet) {
                out_.mark(json_.expect_integer<std::uint8_t>("u8"));
            } else {
                read(type.element);
            }
            json_.leave(parent);
        } while (json_.scanner().take(','));
        if (!json_.scanner().take(']')) json_.fail("',' or ']'", json_.scanner().rest());
        return count;
    }

    void read_list(const type_info& type) {
        if (descriptor_.type(type.element).kind == type_kind::character) {
            return out_.text(json_.expect_text("text"));
        }
        const std::size_t begin = out_.bytes.size();
        put_elements_head(out_, descriptor_, type, read_elements(type), begin);
    }

    void read_array(std::uint32_t index) {
        const type_info& type = descriptor_.type(index);
        if (descriptor_.type(type.element).kind == type_kind::character) {
            return out_.text(read_characters(type_text(descriptor_, index), type.count));
        }
        const std::size_t begin = out_.bytes.size();
        const std::size_t count = read_elements(type);
        if (count != type.count) {
            json_.complain("is " + type_text(descriptor_, index) + "; there are " +
                           std::to_string(count) + " elements");
        }
        put_elements_head(out_, descriptor_, type, count, begin);
    }

    const type_descriptor& descriptor_;
    json_input json_;
    alternatives alternatives_;
    message_builder out_;
    left_out left_out_;
};

}  // namespace

byte_vector parse_packed_json(const type_descriptor& type, std::string_view json) {
    return packed_reader{type, json}.run();
}

}  // namespace signet::wire::detail

namespace signet::wire {

std::vector<std::byte> parse_value_json(const type_descriptor& type, std::string_view json) {
    return detail::packed_reader{type, json, detail::left_out::must_be_optional}.run_value();
}

}  // namespace signet::wire
