// SPDX-License-Identifier: Apache-2.0
// A reading as one JSON object for scripts. Pure functions; any thread.
#pragma once

#include <signet/observe/reading.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace signet::command {

/// Rates are those of the time since the reading before.
nlohmann::ordered_json to_json(const observe::reading& all, const std::string& directory);

}  // namespace signet::command
