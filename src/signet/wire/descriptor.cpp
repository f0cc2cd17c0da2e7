// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/descriptor.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/utf8.hpp>

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

bool is_integer(type_kind kind) {
    return kind < type_kind::f32;
}

type_info scalar(type_kind kind) {
    const std::uint32_t size = scalar_size(kind);
    return {.kind = kind, .size = size, .alignment = size};
}

bool is_one_line(std::string_view text) {
    return is_printable(text) && text.find_first_of("\n\t") == std::string_view::npos;
}

/// Looks for what is wrong with a list of types. Every function returns a sentence, or nothing.
class flaw_finder {
public:
    explicit flaw_finder(const std::vector<type_info>& types)
        : types_{types}, depths_(types.size(), 1) {}

    std::string find() {
        if (types_.empty() || types_.size() > types_max) return "it has no type, or too many";
        for (std::size_t i = 0; i < types_.size(); ++i) {
            std::string flaw = type_flaw(i);
            if (!flaw.empty()) return "type " + std::to_string(i) + " " + flaw;
        }
        return {};
    }

private:
    std::string type_flaw(std::size_t index) {
        const type_info& type = types_[index];
        if (type.name.size() > type_name_bytes_max || !is_one_line(type.name)) {
            return "has a name too long or not printable";
        }
        if (type.kind > type_kind::bytes) return "is of an unknown kind";
        if (type.kind >= type_kind::text) return variable_flaw(type);
        if (type.kind == type_kind::structure) return structure_flaw(index);
        if (is_scalar(type.kind)) return type == scalar(type.kind) ? "" : "is an odd scalar";
        return element_flaw(index);
    }

    std::string variable_flaw(const type_info& type) const {
        if (types_.size() != 1) return "may only be a whole message";
        return type == type_info{.kind = type.kind} ? "" : "has parts";
    }

    std::string element_flaw(std::size_t index) {
        const type_info& type = types_[index];
        if (!type.fields.empty() || !enter(index, type.element)) return "has a bad element";
        const type_info& element = types_[type.element];
        if (type.alignment != element.alignment) return "is not aligned as its elements are";
        return type.kind == type_kind::array ? array_flaw(type, element)
                                             : enumeration_flaw(type, element);
    }

    static std::string array_flaw(const type_info& type, const type_info& element) {
        if (!type.name.empty() || type.count == 0)
            return "is an array with a name or without count";
        if (type.count > type_bytes_max / element.size) return "is too large";
        return type.size == type.count * element.size ? "" : "has not the size of its elements";
    }

    static std::string enumeration_flaw(const type_info& type, const type_info& element) {
        if (!is_integer(element.kind)) return "is an enumeration without an integer";
        return type.size == element.size && type.count == 0 ? "" : "is an enumeration with parts";
    }

    std::string structure_flaw(std::size_t index) {
        const type_info& type = types_[index];
        if (type.element != 0 || type.count != 0) return "is a structure with a count";
        if (type.size == 0 || type.size > type_bytes_max) return "is empty or too large";
        if (!std::has_single_bit(type.alignment) || type.alignment > type_alignment_max) {
            return "has an impossible alignment";
        }
        if (type.size % type.alignment != 0) return "has not a multiple of its alignment as size";
        if (type.fields.size() > type_fields_max) return "has too many fields";
        return fields_flaw(index);
    }

    std::string fields_flaw(std::size_t index) {
        const type_info& type = types_[index];
        std::uint64_t end = 0;
        for (const field_info& field : type.fields) {
            if (!name_is_good(field.name) || !enter(index, field.type)) return "has a bad field";
            const std::uint64_t size = types_[field.type].size;
            if (field.offset < end || size > type.size || field.offset > type.size - size) {
                return "has fields that overlap or stick out";
            }
            end = field.offset + size;
        }
        return names_differ(type) ? "" : "has two fields of one name";
    }

    static bool name_is_good(std::string_view name) {
        return !name.empty() && name.size() <= field_name_bytes_max && is_one_line(name);
    }

    static bool names_differ(const type_info& type) {
        std::vector<std::string_view> names;
        for (const field_info& field : type.fields) names.push_back(field.name);
        std::sort(names.begin(), names.end());
        return std::adjacent_find(names.begin(), names.end()) == names.end();
    }

    /// Whether `part` may be a part of `whole`: it comes before it, and not too deep.
    bool enter(std::size_t whole, std::uint32_t part) {
        if (part >= whole) return false;
        depths_[whole] = std::max(depths_[whole], depths_[part] + 1);
        return depths_[whole] <= type_depth_max;
    }

    const std::vector<type_info>& types_;
    std::vector<std::size_t> depths_;
};

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
    if (type.kind == type_kind::array) hash.add(earlier[type.element]);
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

}  // namespace

std::uint32_t scalar_size(type_kind kind) {
    return scalar_sizes.at(number(kind));
}

std::string descriptor_flaw(const std::vector<type_info>& types) {
    return flaw_finder{types}.find();
}

type_descriptor::type_descriptor(std::vector<type_info> types) : types_{std::move(types)} {
    const std::string flaw = descriptor_flaw(types_);
    if (!flaw.empty()) throw contract_violation{"a type descriptor is wrong: " + flaw};
    layout_hash_ = hash_layout(types_);
}

std::string type_descriptor::name() const {
    return type_text(*this, static_cast<std::uint32_t>(types_.size() - 1));
}

std::string type_text(const type_descriptor& descriptor, std::uint32_t index) {
    std::string dimensions;
    const type_info* type = &descriptor.type(index);
    for (; type->kind == type_kind::array; type = &descriptor.type(type->element)) {
        dimensions += '[' + std::to_string(type->count) + ']';
    }
    if (is_scalar(type->kind)) return std::string{scalar_names.at(number(type->kind))} + dimensions;
    if (type->kind == type_kind::text) return "text";
    if (type->kind == type_kind::bytes) return "bytes";
    return (type->name.empty() ? "struct" : type->name) + dimensions;
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

}  // namespace signet::wire
