// SPDX-License-Identifier: Apache-2.0
// What became of the methods of a service, for those who were built for another version of it. Pure
// functions; any thread.
#pragma once

#include "known_methods.hpp"

#include <string>
#include <vector>

namespace signet::command {

struct method_difference {
    std::string method;
    std::string text;
    bool refuses = false;  ///< a call of theirs is refused for it, or its result not readable
};

/// `theirs` is what the callers know, `ours` what is served. Methods in the order of their names.
std::vector<method_difference> differences_between(const known_methods& ours,
                                                   const known_methods& theirs);

bool refuses_callers(const std::vector<method_difference>& differences);

}  // namespace signet::command
