// SPDX-License-Identifier: Apache-2.0
// What an inspection found, as JSON for scripts: the same objects in every subcommand. Pure
// functions; any thread.
#pragma once

#include <signet/observe/inspect.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace signet::command {

/// "publisher" or "subscriber".
const char* side_name(link::role side);

/// "drop_oldest" or "block".
const char* policy_name(transport::delivery policy);

/// 16 hexadecimal digits, as in the rendezvous directory.
std::string id_text(std::uint64_t id);

/// "any" for a subscriber that takes every type, "?" where nobody answered.
std::string type_text_of(const observe::endpoint& one);

/// One flat object. Fields of the other side are absent; those of one that did not answer are null.
nlohmann::ordered_json to_json(const observe::participant_process& process,
                               const observe::endpoint& one);

}  // namespace signet::command
