// SPDX-License-Identifier: Apache-2.0
// How far two names are from each other. A pure function; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace signet::command {

/// The fewest letters to insert, remove, replace or exchange with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Whether who wrote `asked` may have meant `name`, which is another one: a few letters away.
bool may_mean(std::string_view asked, std::string_view name);

}  // namespace signet::command
