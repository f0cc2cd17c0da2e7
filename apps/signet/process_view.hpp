// SPDX-License-Identifier: Apache-2.0
// What /proc tells of other processes, as far as this one may read it. Nothing here throws because
// a process is gone or hidden; then there is just less to tell. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace signet::command {

enum class process_state { unknown, runs, stopped, traced };
process_state state_of(int pid);

/// How many descriptors it has open, and may have.
struct descriptor_use {
    std::size_t open = 0;
    std::size_t limit = 0;
};
std::optional<descriptor_use> descriptor_use_of(int pid);

/// A context, wherever its rendezvous directory is.
struct found_context {
    std::uint64_t context = 0;
    int pid = 0;
    std::string command;
    std::string directory;    ///< as its process names it
    std::string path;         ///< by which this process can look at it
    bool same_mounts = true;  ///< whether both see the same file systems
};

/// Every context of a process whose descriptors this one may see.
std::vector<found_context> contexts_on_this_machine();

}  // namespace signet::command
