// SPDX-License-Identifier: Apache-2.0
// What is in the file of a queue, and what in it cannot be. Read by somebody who takes no seat,
// writes nothing and wakes nobody. Any thread.
//
// It is a look: what changes meanwhile is seen before or after. So what looks wrong is damage only
// where it stays that way. What others wrote is checked, and no file can crash who looks at it.
#pragma once

#include <signet/os/file.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace signet::observe {

inline constexpr std::size_t queue_flaws_max = 64;

struct queue_view {
    std::uint64_t bytes = 0;  ///< of the file
    std::uint64_t pages = 0;
    std::uint64_t pages_free = 0;
    std::uint64_t ready = 0;
    std::uint64_t delayed = 0;
    std::uint64_t held = 0;
    std::uint64_t dead_letters = 0;
    std::uint64_t done = 0;            ///< in pages that are not free yet
    std::uint64_t under_way = 0;       ///< being written, or on their way to the disk
    std::vector<std::string> flaws{};  ///< a sentence each, up to `queue_flaws_max`
};

/// Throws `error`: the file cannot be read.
queue_view verify_queue(const os::file& content);

}  // namespace signet::observe
