// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/descriptor_codec.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/pack.hpp>

#include <limits>

namespace signet::wire {
namespace {

constexpr unpack_limits descriptor_limits{
    .packed_bytes = descriptor_bytes_max, .elements = 2048, .depth = 6};
constexpr std::string_view operation = "read type descriptor";

[[noreturn]] void misbehaved(std::string_view why) {
    throw error{errc::peer_misbehaved, operation, {}, why};
}

std::uint64_t number_of(type_kind kind) {
    return static_cast<std::uint64_t>(kind);
}

void pack_structure(packer& into, const type_info& type) {
    into.list(5);
    into.integer(number_of(type.kind));
    into.text(type.name);
    into.integer(type.size);
    into.integer(std::uint64_t{type.alignment});
    into.list(type.fields.size());
    for (const field_info& field : type.fields) {
        into.list(3);
        into.text(field.name);
        into.integer(std::uint64_t{field.type});
        into.integer(field.offset);
    }
}

void pack_record(packer& into, const type_info& type) {
    into.text(type.name);
    into.list(type.fields.size());
    for (const field_info& field : type.fields) {
        into.list(2);
        into.text(field.name);
        into.integer(std::uint64_t{field.type});
    }
}

void pack_alternatives(packer& into, const type_info& type) {
    into.list(type.fields.size());
    for (const field_info& field : type.fields) into.integer(std::uint64_t{field.type});
}

/// How many values describe the type, its kind among them; 1: it is nothing but its kind.
std::size_t value_count(type_kind kind) {
    switch (kind) {
        case type_kind::enumeration:
        case type_kind::array:
        case type_kind::map:
        case type_kind::record: return 3;
        case type_kind::list:
        case type_kind::optional:
        case type_kind::variant:
        case type_kind::foreign: return 2;
        case type_kind::structure: return 5;
        default: return 1;
    }
}

void pack_type(packer& into, const type_info& type) {
    if (type.kind == type_kind::structure) return pack_structure(into, type);
    const std::size_t count = value_count(type.kind);
    if (count != 1) into.list(count);
    into.integer(number_of(type.kind));
    if (count == 1) return;
    switch (type.kind) {
        case type_kind::variant: return pack_alternatives(into, type);
        case type_kind::record: return pack_record(into, type);
        case type_kind::foreign: return into.text(type.name);
        case type_kind::enumeration: into.text(type.name); break;
        case type_kind::map: into.integer(std::uint64_t{type.key}); break;
        default: break;
    }
    into.integer(std::uint64_t{type.element});
    if (type.kind == type_kind::array) into.integer(type.count);
}

template <class Type>
const Type& as(const unpacked& value) {
    if (const auto* wanted = std::get_if<Type>(&value.value)) return *wanted;
    misbehaved("a part of it is of the wrong type");
}

const unpacked_list& as_list(const unpacked& value, std::size_t count) {
    const auto& list = as<unpacked_list>(value);
    if (list.size() != count) misbehaved("a list in it has the wrong length");
    return list;
}

std::uint32_t as_u32(const unpacked& value) {
    const auto wide = as<std::uint64_t>(value);
    if (wide > std::numeric_limits<std::uint32_t>::max()) misbehaved("a number is too large");
    return static_cast<std::uint32_t>(wide);
}

type_kind as_kind(const unpacked& value) {
    const auto kind = as<std::uint64_t>(value);
    if (kind > number_of(type_kind::foreign)) misbehaved("it has a type of an unknown kind");
    return static_cast<type_kind>(kind);
}

/// Rebuilds the types one by one, in the order they were written in.
class type_reader {
public:
    void read(const unpacked& value) {
        if (std::holds_alternative<std::uint64_t>(value.value)) return read_single(as_kind(value));
        const auto& parts = as<unpacked_list>(value);
        if (parts.empty()) misbehaved("it has a type without a kind");
        const type_kind kind = as_kind(parts.front());
        if (value_count(kind) == 1) misbehaved("a simple type in it is a list");
        read_parts(kind, as_list(value, value_count(kind)));
    }

    type_descriptor finish() && {
        const std::string flaw = descriptor_flaw(types_);
        if (!flaw.empty()) misbehaved(flaw);
        return type_descriptor{std::move(types_)};
    }

private:
    void read_parts(type_kind kind, const unpacked_list& parts) {
        switch (kind) {
            case type_kind::enumeration: return read_enumeration(parts);
            case type_kind::array: return read_array(parts);
            case type_kind::structure: return read_structure(parts);
            case type_kind::variant: return read_variant(parts);
            case type_kind::record: return read_record(parts);
            case type_kind::foreign: return add_foreign(parts);
            case type_kind::map: return add_container(kind, parts[2], parts[1]);
            default: return add_container(kind, parts[1], unpacked{std::uint64_t{0}});
        }
    }

    void add_foreign(const unpacked_list& parts) {
        types_.push_back({.kind = type_kind::foreign, .name = as<std::string>(parts[1])});
    }

    void add_container(type_kind kind, const unpacked& element, const unpacked& key) {
        types_.push_back({.kind = kind, .element = as_u32(element), .key = as_u32(key)});
    }

    void read_variant(const unpacked_list& parts) {
        type_info type{.kind = type_kind::variant};
        for (const unpacked& part : as<unpacked_list>(parts[1])) {
            type.fields.push_back({{}, as_u32(part)});
        }
        types_.push_back(std::move(type));
    }

    void read_record(const unpacked_list& parts) {
        type_info type{.kind = type_kind::record, .name = as<std::string>(parts[1])};
        for (const unpacked& part : as<unpacked_list>(parts[2])) {
            const unpacked_list& field = as_list(part, 2);
            type.fields.push_back({as<std::string>(field[0]), as_u32(field[1])});
        }
        types_.push_back(std::move(type));
    }

    void read_single(type_kind kind) {
        if (is_scalar(kind)) {
            const std::uint64_t size = scalar_size(kind);
            types_.push_back(
                {.kind = kind, .size = size, .alignment = static_cast<std::uint32_t>(size)});
        } else if (value_count(kind) == 1) {
            types_.push_back({.kind = kind});
        } else {
            misbehaved("a type in it lacks its parts");
        }
    }

    void read_enumeration(const unpacked_list& parts) {
        const type_info& of = element(parts[2]);
        types_.push_back({.kind = type_kind::enumeration,
                          .name = as<std::string>(parts[1]),
                          .size = of.size,
                          .alignment = of.alignment,
                          .element = as_u32(parts[2])});
    }

    void read_array(const unpacked_list& parts) {
        const type_info& of = element(parts[1]);
        const auto count = as<std::uint64_t>(parts[2]);
        if (of.size != 0 && count > type_bytes_max / of.size) misbehaved("an array is too large");
        types_.push_back({.kind = type_kind::array,
                          .size = of.size * count,
                          .alignment = of.alignment,
                          .element = as_u32(parts[1]),
                          .count = count});
    }

    void read_structure(const unpacked_list& parts) {
        type_info type{.kind = type_kind::structure,
                       .name = as<std::string>(parts[1]),
                       .size = as<std::uint64_t>(parts[2]),
                       .alignment = as_u32(parts[3])};
        for (const unpacked& part : as<unpacked_list>(parts[4])) {
            const unpacked_list& field = as_list(part, 3);
            type.fields.push_back(
                {as<std::string>(field[0]), as_u32(field[1]), as<std::uint64_t>(field[2])});
        }
        types_.push_back(std::move(type));
    }

    /// The reference is valid until a type is added; `push_back` takes a finished value.
    const type_info& element(const unpacked& index) const {
        const std::uint32_t value = as_u32(index);
        if (value >= types_.size()) misbehaved("a type in it refers to a later one");
        return types_[value];
    }

    std::vector<type_info> types_;
};

}  // namespace

std::vector<std::byte> encode(const type_descriptor& descriptor) {
    packer into;
    into.list(2);
    into.integer(descriptor_version);
    into.list(descriptor.types().size());
    for (const type_info& type : descriptor.types()) pack_type(into, type);
    if (into.packed().size() <= descriptor_bytes_max) return into.take();
    throw error{errc::too_large, "describe type", descriptor.name(),
                "it has too many fields to be described in 48 KiB"};
}

type_descriptor decode_descriptor(std::span<const std::byte> encoded) {
    const unpacked whole = unpack(encoded, descriptor_limits, "type descriptor");
    const auto& parts = as<unpacked_list>(whole);
    if (parts.empty()) misbehaved("it has no version");
    if (as<std::uint64_t>(parts.front()) != descriptor_version) {
        throw error{errc::incompatible_version, operation};
    }
    type_reader reader;
    for (const unpacked& type : as<unpacked_list>(as_list(whole, 2)[1])) reader.read(type);
    return std::move(reader).finish();
}

}  // namespace signet::wire
