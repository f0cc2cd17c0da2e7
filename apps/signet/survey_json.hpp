// SPDX-License-Identifier: Apache-2.0
// What an inspection found, as JSON for scripts: the same objects in every subcommand. Pure
// functions; any thread.
#pragma once

#include "json_value.hpp"

#include <signet/observe/inspect.hpp>
#include <signet/observe/reading.hpp>

#include <string>

namespace signet::command {

/// "publisher" or "subscriber".
const char* side_name(link::role side);

/// "drop_oldest" or "block".
const char* policy_name(transport::delivery policy);

/// 16 hexadecimal digits, as in the rendezvous directory.
std::string id_text(std::uint64_t id);

/// "any" for a subscriber that takes every type, "?" where nobody answered.
std::string type_text_of(const observe::endpoint& one);

/// What an endpoint counts in its pages; of a subscriber all publishers together.
struct page_counts {
    std::uint64_t bytes = 0, waits = 0, evicted = 0, memory_bytes = 0;  ///< of a publisher
    std::chrono::nanoseconds waited{0};                                 ///< likewise
    std::uint64_t lag = 0, held = 0;                                    ///< of a subscriber
    std::chrono::nanoseconds longest_hold{0};                           ///< likewise
};
page_counts counts_of(const observe::endpoint& one, const observe::reading& all);

/// One flat object. Fields of the other side are absent; those of one that did not answer are null.
json_value to_json(const observe::participant_process& process, const observe::endpoint& one,
                   const observe::reading& all);

}  // namespace signet::command
