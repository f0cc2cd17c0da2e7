// SPDX-License-Identifier: Apache-2.0
// A reading as the lines that `signet top` shows: the busiest topics first, under each its
// publishers and what its subscribers read from them. Pure functions; any thread.
#pragma once

#include "topic_filter.hpp"

#include <signet/observe/reading.hpp>
#include <tour/screen.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace signet::command {

/// What was asked for, the busiest topic first; within a topic publishers and subscriptions by
/// their rate.
observe::reading chosen_and_sorted(observe::reading all, const topic_filter& which);

/// `width` is that of the window.
std::vector<tour::line> top_lines(const observe::reading& all, const std::string& directory,
                                  std::size_t width);

}  // namespace signet::command
