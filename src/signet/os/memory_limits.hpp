// SPDX-License-Identifier: Apache-2.0
// How much memory this process can still get: of the machine, of each control group (container) it
// is in, and of its own limits. A look, not a promise: others take memory meanwhile. What cannot be
// known limits nothing. Any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace signet::os {

/// The pages of memory_limits::huge_pages_free, whatever the system's default is.
inline constexpr std::uint64_t huge_page_bytes = std::uint64_t{2} << 20;

struct memory_limits {
    static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t free_bytes = unlimited;          ///< without pushing others out to swap
    std::string free_where = "this machine";       ///< what sets it, for texts
    std::uint64_t file_bytes_max = unlimited;      ///< of one memory file (ulimit -f)
    std::uint64_t address_bytes_left = unlimited;  ///< to map (ulimit -v)
    std::uint64_t huge_pages_total = 0;            ///< reserved on this machine
    std::uint64_t huge_pages_free = 0;             ///< of these, not promised to anybody
};

/// Asks the kernel. `root` stands before each path that is read, for tests.
memory_limits current_memory_limits(const std::string& root = {});

}  // namespace signet::os
