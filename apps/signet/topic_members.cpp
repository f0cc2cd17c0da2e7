// SPDX-License-Identifier: Apache-2.0
#include "topic_members.hpp"

#include "survey_json.hpp"

#include <signet/base/name.hpp>
#include <signet/base/topic_pattern.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace signet::command {

std::string member::text() const {
    const std::string pattern = is_wild(one->topic) ? " of '" + one->topic + "'" : "";
    return fmt::format("{} {} ({}){}", side_name(one->side), process->pid, process->command,
                       pattern);
}

std::vector<member> members_of(const observe::snapshot& seen, const std::string& topic) {
    std::vector<member> members;
    for (const auto& process : seen.processes) {
        for (const auto& one : process.endpoints) {
            if (topic_pattern::matches(one.topic, topic)) members.push_back({&process, &one});
        }
    }
    return members;
}

bool any_on(link::role side, const std::vector<member>& members) {
    return std::any_of(members.begin(), members.end(),
                       [&](const member& each) { return each.one->side == side; });
}

}  // namespace signet::command
