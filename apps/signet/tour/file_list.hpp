// SPDX-License-Identifier: Apache-2.0
// The files below a directory, in an order that is the same at each look.
#pragma once

#include <string>
#include <vector>

namespace tour {

/// The regular files below `directory`, relative to it, sorted by the bytes of their names. No
/// symbolic links, no directories that may not be entered, no names over `name_bytes`. Throws
/// `error` where the directory itself cannot be read.
std::vector<std::string> list_files(const std::string& directory);

}  // namespace tour
