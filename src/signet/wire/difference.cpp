// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/difference.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace signet::wire {
namespace {

/// One end's view of a place in the message.
struct place {
    std::uint32_t type;
    std::uint64_t offset;
};

class comparison {
public:
    comparison(const type_descriptor& ours, const type_descriptor& theirs)
        : ours_{ours}, theirs_{theirs} {}

    std::vector<std::string> run() {
        const place our_root{last(ours_), 0};
        const place their_root{last(theirs_), 0};
        if (!same(our_root.type, their_root.type)) report("", our_root, their_root);
        if (lines_.empty() || is_structure(ours_) || is_structure(theirs_)) {
            report_number("alignment", ours_.alignment(), theirs_.alignment(), "");
        }
        return std::move(lines_);
    }

private:
    using pair_of_types = std::pair<std::uint32_t, std::uint32_t>;

    static std::uint32_t last(const type_descriptor& descriptor) {
        return static_cast<std::uint32_t>(descriptor.types().size() - 1);
    }

    /// All else has the alignment of what it is, which was told.
    static bool is_structure(const type_descriptor& descriptor) {
        return descriptor.root().kind == type_kind::structure;
    }

    static const type_info& layout_of(const type_descriptor& descriptor, std::uint32_t index) {
        const type_info& type = descriptor.type(index);
        return type.kind == type_kind::enumeration ? descriptor.type(type.element) : type;
    }

    static const field_info* find(const type_info& type, std::string_view name) {
        const auto found = std::find_if(type.fields.begin(), type.fields.end(),
                                        [&](const field_info& f) { return f.name == name; });
        return found == type.fields.end() ? nullptr : &*found;
    }

    static const field_info* find_at(const type_info& type, std::uint64_t offset) {
        const auto found = std::find_if(type.fields.begin(), type.fields.end(),
                                        [&](const field_info& f) { return f.offset == offset; });
        return found == type.fields.end() ? nullptr : &*found;
    }

    /// Each pair is looked at once, however often types are used in types.
    bool same(std::uint32_t our_type, std::uint32_t their_type) {
        const pair_of_types key{our_type, their_type};
        if (const auto known = same_.find(key); known != same_.end()) return known->second;
        const bool answer = same_layout(layout_of(ours_, our_type), layout_of(theirs_, their_type));
        same_.emplace(key, answer);
        return answer;
    }

    bool same_layout(const type_info& our, const type_info& their) {
        if (our.kind != their.kind || our.size != their.size || our.count != their.count) {
            return false;
        }
        if (our.kind == type_kind::foreign && our.name != their.name) return false;
        if (has_element(our.kind) && !same(our.element, their.element)) return false;
        if (our.kind == type_kind::map && !same(our.key, their.key)) return false;
        return std::equal(our.fields.begin(), our.fields.end(), their.fields.begin(),
                          their.fields.end(), [&](const field_info& a, const field_info& b) {
                              return a.name == b.name && a.offset == b.offset &&
                                     same(a.type, b.type);
                          });
    }

    void add(std::string line) {
        if (lines_.size() < differences_max) lines_.push_back(std::move(line));
    }

    void report_number(std::string what, std::uint64_t our, std::uint64_t their,
                       std::string_view unit) {
        if (our == their) return;
        what += ": ours " + std::to_string(our);
        what += unit;
        what += ", theirs " + std::to_string(their);
        what += unit;
        add(std::move(what));
    }

    /// The types at `our` and `their` are not the same: says how.
    void report(const std::string& path, place our, place their) {
        if (lines_.size() == differences_max) return;
        const type_info& our_type = layout_of(ours_, our.type);
        const type_info& their_type = layout_of(theirs_, their.type);
        const bool arrays = our_type.kind == type_kind::array && their_type.kind == our_type.kind;
        if (our_type.kind == type_kind::structure && their_type.kind == our_type.kind) {
            report_structure(path, our, their);
        } else if (our_type.kind == type_kind::record && their_type.kind == our_type.kind) {
            report_record(path, our_type, their_type);
        } else if (arrays && our_type.count == their_type.count) {
            report(path + "[]", {our_type.element, our.offset}, {their_type.element, their.offset});
        } else {
            report_place(path, our, their);
        }
    }

    static std::string described(const type_descriptor& descriptor, std::uint32_t index) {
        const type_info& type = descriptor.type(index);
        if (type.kind != type_kind::enumeration) return type_text(descriptor, index);
        return type.name + " (" + type_text(descriptor, type.element) + ")";
    }

    void report_place(const std::string& path, place our, place their) {
        const std::string our_text = described(ours_, our.type);
        const std::string their_text = described(theirs_, their.type);
        if (path.empty()) return add("ours is " + our_text + ", theirs is " + their_text);
        add("field '" + path + "': ours " + our_text + offset_text(ours_, our) + ", theirs " +
            their_text + offset_text(theirs_, their));
    }

    /// Nothing where the whole message is packed.
    static std::string offset_text(const type_descriptor& descriptor, place at) {
        return descriptor.has_fixed_size() ? " at offset " + std::to_string(at.offset) : "";
    }

    void report_record(const std::string& path, const type_info& our, const type_info& their) {
        const std::size_t before = lines_.size();
        const std::string prefix = path.empty() ? "" : path + ".";
        for (const field_info& field : our.fields) {
            const field_info* match = find(their, field.name);
            if (match == nullptr) {
                add("field '" + prefix + field.name + "' exists only in ours");
            } else if (!same(field.type, match->type)) {
                report(prefix + field.name, {field.type, 0}, {match->type, 0});
            }
        }
        for (const field_info& field : their.fields) {
            if (find(our, field.name)) continue;
            add("field '" + prefix + field.name + "' exists only in theirs");
        }
        if (lines_.size() != before) return;
        add(path.empty() ? "the fields are in another order"
                         : "the fields of '" + path + "' are in another order");
    }

    void report_structure(const std::string& path, place our, place their) {
        const type_info& our_type = layout_of(ours_, our.type);
        const type_info& their_type = layout_of(theirs_, their.type);
        report_number(path.empty() ? "size" : "size of '" + path + "'", our_type.size,
                      their_type.size, " bytes");
        const std::string prefix = path.empty() ? "" : path + ".";
        for (const field_info& field : our_type.fields) {
            if (const field_info* match = find(their_type, field.name)) {
                report_match(prefix, field, *match, our, their);
            } else {
                report_ours_only(prefix, field, our_type, their_type);
            }
        }
        for (const field_info& field : their_type.fields) {
            if (find(our_type, field.name) || renamed(field, their_type, our_type)) continue;
            add("field '" + prefix + field.name + "' exists only in theirs");
        }
    }

    void report_match(const std::string& prefix, const field_info& field, const field_info& match,
                      place our, place their) {
        const place our_place{field.type, our.offset + field.offset};
        const place their_place{match.type, their.offset + match.offset};
        const bool same_type = same(field.type, match.type);
        if (same_type && field.offset == match.offset) return;
        if (!same_type) return report(prefix + field.name, our_place, their_place);
        if (const field_info* other = swapped_with(field, match, our, their)) {
            if (field.offset > other->offset) return;  // told at the other one
            return add("fields '" + prefix + field.name + "' and '" + prefix + other->name +
                       "' are swapped");
        }
        report_place(prefix + field.name, our_place, their_place);
    }

    /// Our field that lies where `field` lies in theirs, and the other way round.
    const field_info* swapped_with(const field_info& field, const field_info& match, place our,
                                   place their) {
        const field_info* other = find_at(layout_of(ours_, our.type), match.offset);
        if (other == nullptr) return nullptr;
        const field_info* there = find(layout_of(theirs_, their.type), other->name);
        if (there == nullptr || there->offset != field.offset) return nullptr;
        return same(other->type, match.type) && same(other->type, there->type) ? other : nullptr;
    }

    void report_ours_only(const std::string& prefix, const field_info& field,
                          const type_info& our_type, const type_info& their_type) {
        const field_info* other = find_at(their_type, field.offset);
        if (other != nullptr && !find(our_type, other->name) && same(field.type, other->type)) {
            return add("field '" + prefix + field.name + "' is called '" + prefix + other->name +
                       "' in theirs");
        }
        add("field '" + prefix + field.name + "' exists only in ours");
    }

    /// Whether their `field` was told of as ours under another name.
    bool renamed(const field_info& field, const type_info& their_type, const type_info& our_type) {
        const field_info* other = find_at(our_type, field.offset);
        return other != nullptr && !find(their_type, other->name) && same(other->type, field.type);
    }

    const type_descriptor& ours_;
    const type_descriptor& theirs_;
    std::map<pair_of_types, bool> same_;
    std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> layout_differences(const type_descriptor& ours,
                                            const type_descriptor& theirs) {
    return comparison{ours, theirs}.run();
}

}  // namespace signet::wire
