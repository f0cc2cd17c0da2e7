// SPDX-License-Identifier: Apache-2.0
// A reading as one JSON object for scripts. Pure functions; any thread.
#pragma once

#include "json_value.hpp"

#include <signet/observe/reading.hpp>

#include <string>

namespace signet::command {

/// Rates are those of the time since the reading before.
json_value to_json(const observe::reading& all, const std::string& directory);

}  // namespace signet::command
