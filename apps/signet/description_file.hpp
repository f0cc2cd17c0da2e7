// SPDX-License-Identifier: Apache-2.0
// The methods of a service as JSON: what `signet describe --json` prints, and --against reads. Pure
// functions; any thread.
#pragma once

#include "known_methods.hpp"

#include <string>
#include <string_view>

namespace signet::command {

/// {"methods": [{"name", "parameters": [{"name", "type", "optional", "layout"}], "result"}],
///  "types": {"robot::pose": [{"name", "type"}]}}, where a layout is a type descriptor in base64.
std::string description_json(const known_methods& all);

/// Reads the methods of it. Throws `error`: it is something else.
known_methods parse_description(std::string_view json);

/// A struct that methods take or give, or that is a part of one: its fields as people read them.
struct described_type {
    std::string name;
    std::vector<std::pair<std::string, std::string>> fields;  ///< a name and a type
};

/// Each once, in the order of their names. Texts are as the service says.
std::vector<described_type> types_in(const known_methods& all);

}  // namespace signet::command
