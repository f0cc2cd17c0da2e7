// SPDX-License-Identifier: Apache-2.0
// Dying at a chosen step. A step is an access to shared memory or a system call, seen through the
// access hook and the door to the kernel; the process is killed just before the step, and leaves
// word of which one it was. One thread of a process counts its steps at a time, or all do together.
#pragma once

#include <signet/memory/topic_layout.hpp>

namespace signet::tests {

/// Notes what shared memory this process maps from here on, to know it by name. Call it before the
/// first context is made or region opened. `shape` is that of the segments it will see.
void watch_steps(const memory::topic_geometry& shape);

/// This thread is killed before its `k`-th step from here on.
void die_before_step(int k);

/// The process is killed before the `k`-th step of any of its threads, this one and those that are
/// started from here on.
void die_before_step_of_any(int k);

}  // namespace signet::tests
