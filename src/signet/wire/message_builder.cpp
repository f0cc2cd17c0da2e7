// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/message_builder.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/json_reader.hpp>

namespace signet::wire::detail {
namespace {

void put_zero(message_builder& into, type_kind kind) {
    if (kind == type_kind::boolean) return into.number(false);
    if (kind == type_kind::f32) return into.number(0.0f);
    if (kind == type_kind::f64) return into.number(0.0);
    into.mark(0);
}

void put_default_record(message_builder& into, const type_descriptor& of, const type_info& type) {
    into.head(format::put_list_head, type.fields.size(), into.bytes.size());
    for (const field_info& field : type.fields) put_default(into, of, field.type);
}

void put_default_variant(message_builder& into, const type_descriptor& of, const type_info& type) {
    into.mark(format::fixarray | 2);
    into.mark(0);
    put_default(into, of, type.fields.front().type);
}

void put_default_elements(message_builder& into, const type_descriptor& of, const type_info& type) {
    const type_kind kind = of.type(type.element).kind;
    if (kind == type_kind::character) return into.text({});
    check_limit(of, into, type.count);
    put_elements_head(into, of, type, type.count, into.bytes.size());
    for (std::uint64_t i = 0; i < type.count; ++i) {
        kind == type_kind::u8 ? into.mark(0) : put_default(into, of, type.element);
    }
}

}  // namespace

byte_vector text_bytes(std::string_view text) {
    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
    return {begin, begin + text.size()};
}

void message_builder::text(std::string_view value) {
    head(format::put_text_head, value.size(), bytes.size());
    append(text_bytes(value));
}

void message_builder::binary(const byte_vector& value) {
    head(format::put_bytes_head, value.size(), bytes.size());
    append(value);
}

void message_builder::head(std::byte* (*put)(std::byte*, std::size_t), std::size_t count,
                           std::size_t position) {
    std::array<std::byte, 5> room;
    const std::byte* end = put(room.data(), count);
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(position),
                 static_cast<const std::byte*>(room.data()), end);
}

void check_limit(const type_descriptor& of, const message_builder& built, std::uint64_t more) {
    if (built.bytes.size() + more <= json_message_bytes_max) return;
    throw error{errc::too_large, "read JSON as", of.name(),
                "the message would have more than 256 MiB"};
}

void put_elements_head(message_builder& into, const type_descriptor& of, const type_info& type,
                       std::size_t count, std::size_t begin) {
    const bool is_octet = of.type(type.element).kind == type_kind::u8;
    into.head(is_octet ? format::put_bytes_head : format::put_list_head, count, begin);
}

void put_default(message_builder& into, const type_descriptor& of, std::uint32_t index) {
    check_limit(of, into);
    const type_info& type = of.type(index);
    switch (type.kind) {
        case type_kind::record: return put_default_record(into, of, type);
        case type_kind::variant: return put_default_variant(into, of, type);
        case type_kind::optional: return into.mark(format::nil);
        case type_kind::map: return into.mark(format::fixmap);
        case type_kind::list:
        case type_kind::array: return put_default_elements(into, of, type);
        case type_kind::text: return into.mark(format::fixstr);
        case type_kind::bytes:
        case type_kind::foreign: return into.binary({});
        case type_kind::enumeration: return put_default(into, of, type.element);
        default: return put_zero(into, type.kind);
    }
}

}  // namespace signet::wire::detail
