// SPDX-License-Identifier: Apache-2.0
// The words of an `exec:` address. The rule, which is a shell's rule for quotes and nothing else of
// a shell:
//   words      are parted by blanks, tabs and line feeds
//   '...'      is taken as it stands
//   "..."      is taken as it stands, but for \" and \\, which are " and backslash
//   \x         outside of quotes is x
// Quotes may stand in the middle of a word; '' is an empty word. There are no variables, patterns,
// pipes or redirections: `exec:sh -c '...'` has a shell do those. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace signet::transport::pipe {

/// At least one word. Throws `error` (bad_name): none, a quote that is not closed, a NUL.
std::vector<std::string> split_words(std::string_view text);

}  // namespace signet::transport::pipe
