// SPDX-License-Identifier: Apache-2.0
// Which of many named cases a command was asked for.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace signet::command {

/// Those of `all` whose `name`, or its part before a '/', is in `wanted`; all of them where nothing
/// is wanted. Throws std::runtime_error, with the names there are, where nothing is left.
template <class Case>
std::vector<Case> chosen_of(std::vector<Case> all, const std::vector<std::string>& wanted) {
    if (wanted.empty()) return all;
    std::vector<Case> chosen;
    std::string names;
    for (Case& one : all) {
        names += (names.empty() ? " " : ", ") + one.name;
        const bool named = std::any_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
            return one.name == name || one.name.starts_with(name + '/');
        });
        if (named) chosen.push_back(std::move(one));
    }
    if (chosen.empty()) throw std::runtime_error{"no such case; there are" + names};
    return chosen;
}

}  // namespace signet::command
