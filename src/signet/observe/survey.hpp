// SPDX-License-Identifier: Apache-2.0
// What `watch` needs of an inspection beside the answers: the pages of counts. Any thread.
#pragma once

#include <signet/observe/inspect.hpp>
#include <signet/observe/page.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace signet::observe {

/// The pages of those who answered, by context.
using context_pages = std::map<std::uint64_t, std::vector<counted_page>>;

/// Like `inspect`, and asks for the pages of counts.
std::pair<snapshot, context_pages> inspect_closely(const std::string& directory,
                                                   std::chrono::milliseconds limit);

/// Every context and endpoint that has a name in the directory, sorted: changes when somebody comes
/// or goes. Nobody is asked anything.
std::vector<std::string> names_in(const std::string& directory);

}  // namespace signet::observe
