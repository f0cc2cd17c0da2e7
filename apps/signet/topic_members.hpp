// SPDX-License-Identifier: Apache-2.0
// Those who take part in one topic. Plain values.
#pragma once

#include <signet/observe/inspect.hpp>

#include <string>
#include <vector>

namespace signet::command {

/// Valid as long as the snapshot it is from.
struct member {
    const observe::participant_process* process;
    const observe::endpoint* one;

    bool publishes() const { return one->side == link::role::publisher; }

    /// "publisher 4711 (driver)"
    std::string text() const;
};

std::vector<member> members_of(const observe::snapshot& seen, const std::string& topic);

/// Whether one of them is on this side.
bool any_on(link::role side, const std::vector<member>& members);

}  // namespace signet::command
