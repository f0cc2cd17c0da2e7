// SPDX-License-Identifier: Apache-2.0
// The sources of the examples, as they are compiled and run by the tests. Filled in when the
// command is built (embed_examples.cmake).
#pragma once

#include <string>

namespace signet::command {

/// Where the example `name` lies in the folder of examples, without its suffix. Throws
/// std::out_of_range where there is none.
std::string example_path(const std::string& name);

/// Its whole source. Throws likewise.
std::string example_code(const std::string& name);

}  // namespace signet::command
