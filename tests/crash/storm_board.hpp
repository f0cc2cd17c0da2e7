// SPDX-License-Identifier: Apache-2.0
// What the processes of a storm in a region tell its supervisor, in memory they share.
#pragma once

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>

namespace signet::tests {

inline constexpr std::size_t storm_places = 7;

struct storm_board {
    std::array<std::atomic<std::uint64_t>, storm_places> done;  ///< operations of each place
    std::atomic<std::uint64_t> epoch;                           ///< which short-lived region to use
    std::atomic<std::uint64_t> repairs;  ///< times that a repair hook was called
    std::atomic<std::uint64_t> told;     ///< times that a death was told at a barrier
    std::array<char, 200> fault;         ///< empty: all is well

    void note(const char* what) { std::snprintf(fault.data(), fault.size(), "%s", what); }
};

inline storm_board& shared_board() {
    static void* const page = mmap(nullptr, sizeof(storm_board), PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return *static_cast<storm_board*>(page);
}

}  // namespace signet::tests
