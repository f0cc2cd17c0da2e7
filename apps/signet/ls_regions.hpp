// SPDX-License-Identifier: Apache-2.0
// The regions that `signet ls` lists: as tables for people, as objects for programs. Pure
// functions; any thread.
#pragma once

#include "json_value.hpp"

#include <signet/observe/regions.hpp>

#include <string>
#include <vector>

namespace signet::command {

/// A table of the regions, and one of what is in them.
std::string text_of(const std::vector<observe::region_view>& regions);

json_value to_json(const observe::region_view& region);

}  // namespace signet::command
