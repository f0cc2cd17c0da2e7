// SPDX-License-Identifier: Apache-2.0
// The processors this thread may run on. Any thread; each asks and changes only itself.
#pragma once

namespace signet::os {

/// How many processors this thread may use: what a container or `taskset` allows, not what the
/// machine has. Throws `error`.
unsigned cpu_count();

/// The same of this thread and that process together; of this thread where there is no such
/// process. Throws `error`.
unsigned cpu_count_with(int pid);

/// Lets others that wait for this thread's processor have it first.
void yield_cpu() noexcept;

/// Keeps this thread on one processor, and the threads it starts later. Throws `error` where there
/// is no such processor, or this process may not use it.
void pin_this_thread(unsigned cpu);

}  // namespace signet::os
