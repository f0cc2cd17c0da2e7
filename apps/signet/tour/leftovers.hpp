// SPDX-License-Identifier: Apache-2.0
// What dead processes left behind: shared memory that is still mapped, names that still stand in
// the rendezvous directory. One thread. Throws `error` where /proc or the directory cannot be read.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>

namespace tour {

/// Follows the shared memory of a tour's processes.
class memory_watch {
public:
    /// Looks at these processes, which make and map shared memory. Returns the bytes of messages
    /// that some of them still map although the process that wrote them is gone.
    std::uint64_t look(std::span<const int> pids);

    /// Of all shared memory ever seen: the bytes that some process still maps or holds open.
    std::uint64_t left_behind() const;

private:
    std::set<std::uint64_t> seen_;  // inodes, which the kernel does not use again
};

struct names_left {
    std::size_t topics = 0;   ///< of this tour
    std::size_t sockets = 0;  ///< that nobody listens on, whoever left them
};

/// Starts anew on the topics of `tour`, as the next user of these names would, goes away in good
/// order, and counts what is there then.
names_left names_after_fresh_start(const std::string& directory, const std::string& tour);

}  // namespace tour
