// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/json_reader.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/json_input.hpp>
#include <signet/wire/json_packed_reader.hpp>

#include <cstring>
#include <span>
#include <string>

namespace signet::wire {
namespace {

/// Of types of a fixed size: straight into the bytes of the message.
class reader {
public:
    reader(const type_descriptor& descriptor, std::string_view json)
        : descriptor_{descriptor}, json_{descriptor, json} {}

    std::vector<std::byte> run() {
        std::vector<std::byte> message(descriptor_.size());
        read(static_cast<std::uint32_t>(descriptor_.types().size() - 1), message);
        json_.expect_end();
        return message;
    }

private:
    using room = std::span<std::byte>;

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
        json_.expect('{');
        if (json_.scanner().take('}')) return;
        std::vector<bool> seen(type.fields.size());
        do {
            std::size_t parent = 0;
            const field_info& field = type.fields[json_.expect_field(type, seen, parent)];
            read(field.type, into.subspan(field.offset, descriptor_.type(field.type).size));
            json_.leave(parent);
        } while (json_.scanner().take(','));
        json_.expect('}');
    }

    void read_array(std::uint32_t index, room into) {
        const type_info& type = descriptor_.type(index);
        const type_info& element = descriptor_.type(type.element);
        if (element.kind == type_kind::character) return read_characters(index, into);
        json_.expect('[');
        for (std::uint64_t i = 0; i < type.count; ++i) {
            const std::size_t parent = json_.enter_element(i);
            if (i != 0) json_.expect(',');
            read(type.element, into.subspan(i * element.size, element.size));
            json_.leave(parent);
        }
        if (json_.scanner().take(']')) return;
        json_.fail(std::to_string(type.count) + " elements and ']'", json_.scanner().rest());
    }

    void read_characters(std::uint32_t index, room into) {
        const std::string expected = type_text(descriptor_, index);
        const std::string text = json_.expect_text("text for " + expected);
        if (text.size() > into.size()) {
            json_.complain("is " + expected + "; the text has " + std::to_string(text.size()) +
                           " bytes");
        }
        if (!text.empty()) std::memcpy(into.data(), text.data(), text.size());
    }

    void read_scalar(type_kind kind, room into) {
        switch (kind) {
            case type_kind::boolean: return put(json_.expect_boolean(), into);
            case type_kind::i8: return put(json_.expect_integer<std::int8_t>("i8"), into);
            case type_kind::i16: return put(json_.expect_integer<std::int16_t>("i16"), into);
            case type_kind::i32: return put(json_.expect_integer<std::int32_t>("i32"), into);
            case type_kind::i64: return put(json_.expect_integer<std::int64_t>("i64"), into);
            case type_kind::u8: return put(json_.expect_integer<std::uint8_t>("u8"), into);
            case type_kind::u16: return put(json_.expect_integer<std::uint16_t>("u16"), into);
            case type_kind::u32: return put(json_.expect_integer<std::uint32_t>("u32"), into);
            case type_kind::u64: return put(json_.expect_integer<std::uint64_t>("u64"), into);
            case type_kind::f32: return put(json_.expect_real<float>("f32"), into);
            default: return put(json_.expect_real<double>("f64"), into);
        }
    }

    template <class Value>
    static void put(Value value, room into) {
        std::memcpy(into.data(), &value, sizeof value);
    }

    const type_descriptor& descriptor_;
    detail::json_input json_;
};

}  // namespace

std::vector<std::byte> parse_json(const type_descriptor& type, std::string_view json) {
    if (type.size() > json_message_bytes_max) {
        throw error{errc::too_large, "read JSON as", type.name(),
                    "a message of it has " + std::to_string(type.size()) + " bytes"};
    }
    if (!type.has_fixed_size()) return detail::parse_packed_json(type, json);
    return reader{type, json}.run();
}

}  // namespace signet::wire
