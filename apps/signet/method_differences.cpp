// SPDX-License-Identifier: Apache-2.0
#include "method_differences.hpp"

#include <signet/wire/difference.hpp>
#include <signet/wire/misfit.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace signet::command {
namespace {

constexpr const char* nothing = "nothing";

/// What of a method is not as it was, whether it does harm or not.
class method_comparison {
public:
    method_comparison(const method_signature& ours, const method_signature& theirs)
        : ours_{ours}, theirs_{theirs} {}

    std::vector<method_difference> run() {
        const auto& takes = ours_.parameters;
        const auto& given = theirs_.parameters;
        for (std::size_t i = 0; i < std::max(takes.size(), given.size()); ++i) {
            if (i >= given.size()) {
                add(place(i, takes[i]) + " exists only in ours", !takes[i].optional);
            } else if (i >= takes.size()) {
                add(place(i, given[i]) + " exists only in theirs", true);
            } else {
                compare("argument " + std::to_string(i + 1), {&given[i], &takes[i]}, takes[i],
                        given[i]);
            }
        }
        compare("result", {&ours_.result, &theirs_.result}, ours_.result, theirs_.result);
        return std::move(found_);
    }

private:
    /// Who writes a value, and who reads it.
    struct passage {
        const value_signature* written;
        const value_signature* expected;
    };

    static std::string place(std::size_t index, const value_signature& parameter) {
        return "argument " + std::to_string(index + 1) + " (" + parameter.type + ")";
    }

    void add(std::string text, bool refuses) {
        found_.push_back({ours_.name, std::move(text), refuses});
    }

    void add_each(const std::string& where, const std::vector<std::string>& lines, bool refuses) {
        for (const std::string& line : lines) add(where + ": " + line, refuses);
    }

    // Of what is refused only the reasons are told.
    void compare(const std::string& where, const passage& way, const value_signature& our,
                 const value_signature& their) {
        if (our.layout && their.layout) {
            const auto reasons = wire::misfits(*way.written->layout, *way.expected->layout);
            if (!reasons.empty()) return add_each(where, reasons, true);
            add_each(where, wire::layout_differences(*our.layout, *their.layout), false);
        } else if (our.type != their.type) {
            const bool was_read = their.type != nothing;
            add(where + ": ours is " + our.type + ", theirs is " + their.type, was_read);
        }
    }

    const method_signature& ours_;
    const method_signature& theirs_;
    std::vector<method_difference> found_;
};

using method_pair = std::pair<const method_signature*, const method_signature*>;

/// Both ends' methods by their names.
std::map<std::string, method_pair> paired(const known_methods& ours, const known_methods& theirs) {
    std::map<std::string, method_pair> pairs;
    for (const method_signature& one : ours) pairs[one.name].first = &one;
    for (const method_signature& one : theirs) pairs[one.name].second = &one;
    return pairs;
}

std::vector<method_difference> differences_of(const std::string& name, const method_pair& both) {
    const auto& [ours, theirs] = both;
    if (ours == nullptr) return {{name, "exists only in theirs", true}};
    if (theirs == nullptr) return {{name, "exists only in ours", false}};
    return method_comparison{*ours, *theirs}.run();
}

}  // namespace

std::vector<method_difference> differences_between(const known_methods& ours,
                                                   const known_methods& theirs) {
    std::vector<method_difference> all;
    for (const auto& [name, both] : paired(ours, theirs)) {
        for (auto& one : differences_of(name, both)) all.push_back(std::move(one));
    }
    return all;
}

bool refuses_callers(const std::vector<method_difference>& differences) {
    return std::any_of(differences.begin(), differences.end(),
                       [](const method_difference& one) { return one.refuses; });
}

}  // namespace signet::command
