// SPDX-License-Identifier: Apache-2.0
// What makes a list of types a descriptor that can be relied on, whoever wrote it.
#include <signet/wire/descriptor.hpp>

#include <signet/wire/utf8.hpp>

#include <algorithm>
#include <bit>

namespace signet::wire {
namespace {

bool is_integer(type_kind kind) {
    return kind < type_kind::f32;
}

bool is_one_line(std::string_view text) {
    return is_printable(text) && text.find_first_of("\n\t") == std::string_view::npos;
}

/// Looks for what is wrong with a list of types. Every function returns a sentence, or nothing.
class flaw_finder {
public:
    explicit flaw_finder(const std::vector<type_info>& types)
        : types_{types}, depths_(types.size(), 1), structural_(types.size()) {}

    std::string find() {
        if (types_.empty() || types_.size() > types_max) return "it has no type, or too many";
        for (std::size_t i = 0; i < types_.size(); ++i) {
            std::string flaw = type_flaw(i);
            if (!flaw.empty()) return "type " + std::to_string(i) + " " + flaw;
        }
        return is_opaque(types_.back().kind) && types_.size() != 1
                   ? "it has parts, and text, bytes or a codec as the whole"
                   : "";
    }

private:
    std::string type_flaw(std::size_t index) {
        const type_info& type = types_[index];
        if (type.name.size() > type_name_bytes_max || !is_one_line(type.name)) {
            return "has a name too long or not printable";
        }
        if (type.kind > type_kind::foreign) return "is of an unknown kind";
        if (is_packed(type.kind)) return packed_flaw(index);
        if (type.kind == type_kind::structure) return structure_flaw(index);
        if (is_scalar(type.kind)) return type == scalar(type.kind) ? "" : "is an odd scalar";
        return element_flaw(index);
    }

    std::string packed_flaw(std::size_t index) {
        const type_info& type = types_[index];
        if (type.size != 0 || type.alignment != 1 || type.count != 0) return "has a layout";
        switch (type.kind) {
            case type_kind::record: return record_flaw(index);
            case type_kind::variant: return variant_flaw(index);
            case type_kind::foreign: return type.name.empty() ? "has no name" : parts_flaw(type);
            default: break;
        }
        if (!type.name.empty()) return "has a name";
        if (is_opaque(type.kind)) return parts_flaw(type);
        return container_flaw(index);
    }

    static bool is_opaque(type_kind kind) {
        return kind == type_kind::text || kind == type_kind::bytes || kind == type_kind::foreign;
    }

    /// Of a type that is to have none.
    static std::string parts_flaw(const type_info& type) {
        return type.element == 0 && type.key == 0 && type.fields.empty() ? "" : "has parts";
    }

    std::string container_flaw(std::size_t index) {
        const type_info& type = types_[index];
        if (!type.fields.empty() || !enter_packed(index, type.element)) return "has a bad element";
        if (type.kind != type_kind::map) {
            const bool doubtful = type.kind == type_kind::optional &&
                                  types_[type.element].kind == type_kind::optional;
            if (doubtful) return "is an optional of an optional";
            return type.key == 0 ? "" : "has a key";
        }
        return enter_packed(index, type.key) && is_key(types_[type.key].kind) ? ""
                                                                              : "has a bad key";
    }

    static bool is_key(type_kind kind) {
        return is_integer(kind) || kind == type_kind::text || kind == type_kind::enumeration;
    }

    std::string variant_flaw(std::size_t index) {
        const type_info& type = types_[index];
        if (!type.name.empty() || type.element != 0 || type.key != 0) return "is an odd variant";
        if (type.fields.empty() || type.fields.size() > type_alternatives_max) {
            return "has no alternative, or too many";
        }
        for (const field_info& field : type.fields) {
            const bool bare = field.name.empty() && field.offset == 0;
            if (!bare || !enter_packed(index, field.type)) return "has a bad alternative";
        }
        return {};
    }

    std::string record_flaw(std::size_t index) {
        const type_info& type = types_[index];
        if (type.element != 0 || type.key != 0) return "is a record with an element";
        if (type.fields.size() > type_fields_max) return "has too many fields";
        for (const field_info& field : type.fields) {
            const bool good = name_is_good(field.name) && field.offset == 0;
            if (!good || !enter_packed(index, field.type)) return "has a bad field";
        }
        return names_differ(type) ? "" : "has two fields of one name";
    }

    std::string element_flaw(std::size_t index) {
        const type_info& type = types_[index];
        const bool has_others = !type.fields.empty() || type.key != 0;
        if (has_others || !enter(index, type.element)) return "has a bad element";
        structural_[index] = structural_[type.element];
        const type_info& element = types_[type.element];
        if (type.alignment != element.alignment) return "is not aligned as its elements are";
        return type.kind == type_kind::array ? array_flaw(type, element)
                                             : enumeration_flaw(type, element);
    }

    static std::string array_flaw(const type_info& type, const type_info& element) {
        if (!type.name.empty() || type.count == 0)
            return "is an array with a name or without count";
        if (element.size == 0) return packed_array_flaw(type);
        if (type.count > type_bytes_max / element.size) return "is too large";
        return type.size == type.count * element.size ? "" : "has not the size of its elements";
    }

    static std::string packed_array_flaw(const type_info& type) {
        if (type.size != 0) return "has a size, and its elements have none";
        return type.count > packed_count_max ? "is too large" : "";
    }

    static std::string enumeration_flaw(const type_info& type, const type_info& element) {
        if (!is_integer(element.kind)) return "is an enumeration without an integer";
        return type.size == element.size && type.count == 0 ? "" : "is an enumeration with parts";
    }

    std::string structure_flaw(std::size_t index) {
        const type_info& type = types_[index];
        structural_[index] = true;
        if (type.element != 0 || type.count != 0 || type.key != 0) {
            return "is a structure with a count";
        }
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
            if (size == 0) return "has a field without a size";
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

    /// The same of a packed type, which has no structures in it, since those have offsets.
    bool enter_packed(std::size_t whole, std::uint32_t part) {
        return enter(whole, part) && !structural_[part];
    }

    const std::vector<type_info>& types_;
    std::vector<std::size_t> depths_;
    std::vector<bool> structural_;  ///< structures, and arrays of them
};

}  // namespace

std::string descriptor_flaw(const std::vector<type_info>& types) {
    return flaw_finder{types}.find();
}

}  // namespace signet::wire
