// SPDX-License-Identifier: Apache-2.0
// Dying at a chosen step. A step is an access to shared memory or a system call, seen through the
// access hook and the door to the kernel; the process is killed just before the step, and leaves
// word of which one it was. One thread of a process counts its steps at a time.
#pragma once

#include <signet/memory/topic_layout.hpp>

#include <array>
#include <atomic>
#include <cstdint>

namespace signet::tests {

/// What a process that may die at any moment leaves to its parent.
struct last_words {
    std::atomic<std::uint64_t> published;  ///< publications that have returned
    std::atomic<std::uint64_t> received;   ///< messages received and found to be the next ones
    std::atomic<bool> ready;               ///< it has joined, and waits for `go`
    std::atomic<bool> go;                  ///< set by the parent
    std::atomic<bool> faulty;              ///< it received what it should not have
    std::array<char, 64> state;            ///< what it was about to do when it was killed

    void clear() noexcept;
};

/// In memory that this process shares with the children it forks.
last_words& shared_last_words();

/// Notes what shared memory this process maps from here on, to know it by name. Call it before the
/// first context is made. `shape` is that of the segments it will see.
void watch_steps(const memory::topic_geometry& shape);

/// This thread is killed before its `k`-th step from here on.
void die_before_step(int k);

}  // namespace signet::tests
