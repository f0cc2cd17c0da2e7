// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/descriptor.hpp>

#include <signet/base/error.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace signet::wire {
namespace {

constexpr std::array<std::string_view, 12> scalar_names = {
    "bool", "char", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64"};
constexpr std::array<std::uint8_t, 12> scalar_sizes = {1, 1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8};

std::size_t number(type_kind kind) {
    return static_cast<std::size_t>(kind);
}

/// FNV-1a, 64 bits.
class hasher {
public:
    void add(std::uint64_t value) {
        for (int shift = 0; shift < 64; shift += 8) add_byte((value >> shift) & 0xff);
    }

    void add(std::string_view text) {
        add(text.size());
        for (const char c : text) add_byte(static_cast<unsigned char>(c));
    }

    std::uint64_t value() const { return value_; }

private:
    void add_byte(std::uint64_t byte) { value_ = (value_ ^ byte) * 0x100000001b3; }

    std::uint64_t value_ = 0xcbf29ce484222325;
};

std::uint64_t hash_type(const type_info& type, const std::vector<std::uint64_t>& earlier) {
    if (type.kind == type_kind::enumeration) return earlier[type.element];
    hasher hash;
    hash.add(number(type.kind));
    hash.add(type.size);
    if (type.kind == type_kind::foreign) hash.add(type.name);
    if (type.kind == type_kind::map) hash.add(earlier[type.key]);
    if (has_element(type.kind)) hash.add(earlier[type.element]);
    if (type.kind == type_kind::array && type.size == 0) hash.add(type.count);
    for (const field_info& field : type.fields) {
        hash.add(field.name);
        hash.add(field.offset);
        hash.add(earlier[field.type]);
    }
    return hash.value();
}

std::uint64_t hash_layout(const std::vector<type_info>& types) {
    std::vector<std::uint64_t> hashes;
    for (const type_info& type : types) hashes.push_back(hash_type(type, hashes));
    hasher hash;
    hash.add(hashes.back());
    hash.add(types.back().alignment);
    return hash.value();
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
        text.replace(at, from.size(), to);
        at += to.size();
    }
}

/// Where what encloses the type in functions ends: behind the last ")::" outside of angle brackets.
std::size_t end_of_functions(std::string_view name) {
    std::size_t end = 0;
    int depth = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '<') ++depth;
        if (name[i] == '>') --depth;
        if (depth == 0 && name.substr(i).starts_with(")::")) end = i + 3;
    }
    return end;
}

void append_type(std::string& out, const type_descriptor& descriptor, std::uint32_t index);

void append_parts(std::string& out, std::string_view name, const type_descriptor& descriptor,
                  const std::vector<std::uint32_t>& parts) {
    out += name;
    out += '<';
    for (std::size_t i = 0; i < parts.size() && out.size() <= type_text_bytes_max; ++i) {
        if (i != 0) out += ", ";
        append_type(out, descriptor, parts[i]);
    }
    out += '>';
}

void append_variant(std::string& out, const type_descriptor& descriptor, const type_info& type) {
    std::vector<std::uint32_t> parts;
    for (const field_info& field : type.fields) parts.push_back(field.type);
    append_parts(out, "variant", descriptor, parts);
}

/// Of anything but an array.
void append_single(std::string& out, const type_descriptor& descriptor, const type_info& type) {
    switch (type.kind) {
        case type_kind::text: out += "text"; break;
        case type_kind::bytes: out += "bytes"; break;
        case type_kind::list: return append_parts(out, "list", descriptor, {type.element});
        case type_kind::map: return append_parts(out, "map", descriptor, {type.key, type.element});
        case type_kind::optional: return append_parts(out, "optional", descriptor, {type.element});
        case type_kind::variant: return append_variant(out, descriptor, type);
        default: out += type.name.empty() ? "struct" : type.name; break;
    }
}

void append_type(std::string& out, const type_descriptor& descriptor, std::uint32_t index) {
    if (out.size() > type_text_bytes_max) {
        out += "...";
        return;
    }
    std::string dimensions;
    const type_info* type = &descriptor.type(index);
    for (; type->kind == type_kind::array; type = &descriptor.type(type->element)) {
        dimensions += '[' + std::to_string(type->count) + ']';
    }
    if (is_scalar(type->kind)) {
        out += scalar_names.at(number(type->kind));
    } else {
        append_single(out, descriptor, *type);
    }
    out += dimensions;
}

}  // namespace

type_info scalar(type_kind kind) {
    const std::uint32_t size = scalar_size(kind);
    return {.kind = kind, .size = size, .alignment = size};
}

std::uint32_t scalar_size(type_kind kind) {
    return scalar_sizes.at(number(kind));
}

type_descriptor::type_descriptor(std::vector<type_info> types) : types_{std::move(types)} {
    const std::string flaw = descriptor_flaw(types_);
    if (!flaw.empty()) throw contract_violation{"a type descriptor is wrong: " + flaw};
    layout_hash_ = hash_layout(types_);
}

bool type_descriptor::is_opaque() const noexcept {
    const type_kind kind = root().kind;
    return kind == type_kind::text || kind == type_kind::bytes || kind == type_kind::foreign;
}

std::string type_descriptor::name() const {
    return type_text(*this, static_cast<std::uint32_t>(types_.size() - 1));
}

std::string type_text(const type_descriptor& descriptor, std::uint32_t index) {
    std::string text;
    append_type(text, descriptor, index);
    return text;
}

const type_descriptor& text_descriptor() {
    static const type_descriptor descriptor{{type_info{.kind = type_kind::text}}};
    return descriptor;
}

const type_descriptor& bytes_descriptor() {
    static const type_descriptor descriptor{{type_info{.kind = type_kind::bytes}}};
    return descriptor;
}

std::string readable_type_name(std::string_view spelled) {
    std::string name{spelled};
    replace_all(name, "{anonymous}::", "");
    replace_all(name, "(anonymous namespace)::", "");
    name.erase(0, end_of_functions(name));
    for (const auto& [gcc, clang] : std::initializer_list<std::pair<const char*, const char*>>{
             {"long long unsigned int", "unsigned long long"},
             {"long unsigned int", "unsigned long"},
             {"short unsigned int", "unsigned short"},
             {"long long int", "long long"},
             {"long int", "long"},
             {"short int", "short"},
             {" *", "*"},
             {"> >", ">>"}}) {
        replace_all(name, gcc, clang);
    }
    return name;
}

std::uint32_t descriptor_builder::add(type_info type) {
    const auto found = std::find(types_.begin(), types_.end(), type);
    const auto index = static_cast<std::uint32_t>(found - types_.begin());
    if (found == types_.end()) types_.push_back(std::move(type));
    return index;
}

std::uint32_t descriptor_builder::add_scalar(type_kind kind) {
    return add(scalar(kind));
}

std::uint32_t descriptor_builder::add_array(std::uint32_t element, std::uint64_t count) {
    const type_info& of = types_.at(element);
    return add({.kind = type_kind::array,
                .size = of.size * count,
                .alignment = of.alignment,
                .element = element,
                .count = count});
}

std::uint32_t descriptor_builder::add_enumeration(std::string_view spelled_name,
                                                  std::uint32_t integer) {
    const type_info& of = types_.at(integer);
    return add({.kind = type_kind::enumeration,
                .name = readable_type_name(spelled_name),
                .size = of.size,
                .alignment = of.alignment,
                .element = integer});
}

std::uint32_t descriptor_builder::add_container(type_kind kind, std::uint32_t element,
                                                std::uint32_t key) {
    return add({.kind = kind, .element = element, .key = key});
}

std::uint32_t descriptor_builder::add_variant(const std::vector<std::uint32_t>& alternatives) {
    type_info type{.kind = type_kind::variant};
    for (const std::uint32_t alternative : alternatives) type.fields.push_back({{}, alternative});
    return add(std::move(type));
}

}  // namespace signet::wire
