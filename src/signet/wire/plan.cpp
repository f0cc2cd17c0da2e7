// SPDX-License-Identifier: Apache-2.0
#include <signet/wire/plan.hpp>

#include <signet/base/error.hpp>
#include <signet/wire/difference.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace signet::wire {
namespace {

/// How many pairs of types two descriptors may make us look at. Two honest ones make no more than
/// the smaller of them has types, hostile ones a million.
constexpr std::size_t pairs_max = 16 * types_max;

std::uint32_t last(const type_descriptor& descriptor) {
    return static_cast<std::uint32_t>(descriptor.types().size() - 1);
}

/// The step that needs nothing more: shared by all parts that are read directly.
constexpr std::uint32_t direct_step = 0;

/// Looks at each pair of types once, however often they are used, and makes a step for each that is
/// not read directly. What cannot be read becomes a sentence; the steps are then of no use.
class planner {
public:
    planner(const type_descriptor& ours, const type_descriptor& theirs)
        : ours_{ours}, theirs_{theirs}, steps_(1) {}

    void run() { root_ = step_of(last(ours_), last(theirs_), ""); }

    std::vector<std::string> obstacles() && { return std::move(obstacles_); }

    /// The root comes last.
    reading_plan plan() && {
        if (root_ == direct_step) return reading_plan{};
        return reading_plan{std::move(steps_)};
    }

private:
    using pair_of_types = std::pair<std::uint32_t, std::uint32_t>;

    static const type_info& resolved(const type_descriptor& descriptor, std::uint32_t index) {
        const type_info& type = descriptor.type(index);
        return type.kind == type_kind::enumeration ? descriptor.type(type.element) : type;
    }

    static const field_info* find(const type_info& type, std::string_view name) {
        const auto found = std::find_if(type.fields.begin(), type.fields.end(),
                                        [&](const field_info& f) { return f.name == name; });
        return found == type.fields.end() ? nullptr : &*found;
    }

    bool is_full() const { return obstacles_.size() >= obstacles_max; }

    void object(std::string sentence) {
        if (!is_full()) obstacles_.push_back(std::move(sentence));
    }

    /// A pair that was looked at before has told what there was to tell.
    std::uint32_t step_of(std::uint32_t our_index, std::uint32_t their_index,
                          const std::string& path) {
        const pair_of_types key{our_index, their_index};
        if (const auto known = known_.find(key); known != known_.end()) return known->second;
        if (is_full()) return direct_step;
        if (known_.size() == pairs_max) {
            obstacles_.assign(obstacles_max, "the two types are too intricate to be compared");
            return direct_step;
        }
        const std::uint32_t step = make_step(our_index, their_index, path);
        known_.emplace(key, step);
        return step;
    }

    std::uint32_t make_step(std::uint32_t our_index, std::uint32_t their_index,
                            const std::string& path) {
        const type_info& our = resolved(ours_, our_index);
        const type_info& their = resolved(theirs_, their_index);
        const bool other_codec = our.kind == type_kind::foreign && our.name != their.name;
        if (our.kind != their.kind || our.count != their.count || other_codec) {
            object_to_types(path, our_index, their_index);
            return direct_step;
        }
        switch (our.kind) {
            case type_kind::record: return add(record_step(our, their, path));
            case type_kind::variant: return add(variant_step(our, their, path));
            case type_kind::map: return add(map_step(our, their, path));
            case type_kind::array:
            case type_kind::list: return add(element_step(our, their, path + "[]"));
            case type_kind::optional: return add(element_step(our, their, path));
            default: return direct_step;
        }
    }

    std::uint32_t add(reading_plan::step step) {
        if (step.direct) return direct_step;
        steps_.push_back(std::move(step));
        return static_cast<std::uint32_t>(steps_.size() - 1);
    }

    static void add_part(reading_plan::step& to, std::uint32_t part) {
        to.parts.push_back(part);
        to.direct = to.direct && part == direct_step;
    }

    reading_plan::step element_step(const type_info& our, const type_info& their,
                                    const std::string& path) {
        reading_plan::step step;
        add_part(step, step_of(our.element, their.element, path));
        return step;
    }

    reading_plan::step map_step(const type_info& our, const type_info& their,
                                const std::string& path) {
        step_of(our.key, their.key, path + "[]");  // a key is text or a number: direct, or refused
        return element_step(our, their, path + "[]");
    }

    reading_plan::step variant_step(const type_info& our, const type_info& their,
                                    const std::string& path) {
        reading_plan::step step;
        const std::size_t known = our.fields.size();
        if (their.fields.size() > known) {
            object(subject(path) + " may be one of " + std::to_string(their.fields.size()) +
                   " types in theirs, and ours knows the first " + std::to_string(known));
            return step;
        }
        for (std::size_t i = 0; i < their.fields.size(); ++i) {
            add_part(step, step_of(our.fields[i].type, their.fields[i].type, path));
        }
        return step;
    }

    reading_plan::step record_step(const type_info& our, const type_info& their,
                                   const std::string& path) {
        reading_plan::step step;
        step.direct = our.fields.size() == their.fields.size();
        for (const field_info& field : their.fields) {
            const field_info* match = find(our, field.name);
            if (match == nullptr) {
                require_optional(theirs_, field, path, "theirs");
                step.targets.push_back(reading_plan::skipped);
                add_part(step, direct_step);
                continue;
            }
            const auto target = static_cast<std::uint32_t>(match - our.fields.data());
            step.direct = step.direct && target == step.targets.size();
            step.targets.push_back(target);
            add_part(step, step_of(match->type, field.type, inside(path, field.name)));
        }
        for (const field_info& field : our.fields) {
            if (find(their, field.name) == nullptr) require_optional(ours_, field, path, "ours");
        }
        return step;
    }

    void require_optional(const type_descriptor& of, const field_info& field,
                          const std::string& path, const std::string& whose) {
        if (of.type(field.type).kind == type_kind::optional) return;
        object("field '" + inside(path, field.name) + "' exists only in " + whose +
               " and is not optional: make it std::optional there");
    }

    static std::string inside(const std::string& path, const std::string& name) {
        return path.empty() ? name : path + "." + name;
    }

    static std::string subject(const std::string& path) {
        return path.empty() ? "the message" : "field '" + path + "'";
    }

    static std::string described(const type_descriptor& descriptor, std::uint32_t index) {
        const type_info& type = descriptor.type(index);
        if (type.kind != type_kind::enumeration) return type_text(descriptor, index);
        return type.name + " (" + type_text(descriptor, type.element) + ")";
    }

    void object_to_types(const std::string& path, std::uint32_t our, std::uint32_t their) {
        const std::string our_text = described(ours_, our);
        const std::string their_text = described(theirs_, their);
        if (path.empty()) return object("ours is " + our_text + ", theirs is " + their_text);
        object("field '" + path + "': ours " + our_text + ", theirs " + their_text);
    }

    const type_descriptor& ours_;
    const type_descriptor& theirs_;
    std::map<pair_of_types, std::uint32_t> known_;
    std::vector<reading_plan::step> steps_;
    std::vector<std::string> obstacles_;
    std::uint32_t root_ = direct_step;
};

std::string plain_against_packed(const type_descriptor& plain, const type_descriptor& packed,
                                 std::string_view whose_plain, std::string_view whose_packed) {
    std::string sentence{whose_plain};
    sentence += " is " + plain.name() + ", which travels as its bytes; ";
    sentence += whose_packed;
    return sentence + " is " + packed.name() + ", which is packed, as one of its fields has no " +
           "fixed size: build both with the same type";
}

/// Where the answer does not take a look at the parts.
std::optional<std::vector<std::string>> quick_answer(const type_descriptor& ours,
                                                     const type_descriptor& theirs) {
    if (ours.has_fixed_size() && theirs.has_fixed_size()) return layout_differences(ours, theirs);
    if (ours.has_fixed_size()) {
        return std::vector{plain_against_packed(ours, theirs, "ours", "theirs")};
    }
    if (theirs.has_fixed_size()) {
        return std::vector{plain_against_packed(theirs, ours, "theirs", "ours")};
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::string> reading_obstacles(const type_descriptor& ours,
                                           const type_descriptor& theirs) {
    if (auto answer = quick_answer(ours, theirs)) return *std::move(answer);
    planner planning{ours, theirs};
    planning.run();
    return std::move(planning).obstacles();
}

reading_plan plan_reading(const type_descriptor& ours, const type_descriptor& theirs) {
    std::string text;
    for (const std::string& line : reading_obstacles(ours, theirs)) {
        text += (text.empty() ? "" : "; ") + line;
    }
    if (!text.empty())
        throw error{errc::incompatible_type, "read messages of", theirs.name(), text};
    if (ours.has_fixed_size()) return reading_plan{};
    planner planning{ours, theirs};
    planning.run();
    return std::move(planning).plan();
}

}  // namespace signet::wire
