// SPDX-License-Identifier: Apache-2.0
// How urgent the kernel takes a thread to be while it works on a call: as urgent as that. Each
// thread is about itself.
#pragma once

namespace signet::pattern {

class incoming_call;

/// Has the kernel prefer this thread, from now on, for that call, in place of any before. False:
/// the system does not permit it, and the thread stays as it was by itself.
bool begin_urgent_work(const incoming_call& on);

/// As this thread was by itself; where it was not preferred for that call, nothing.
void end_urgent_work(const incoming_call& on) noexcept;

/// The same for whatever call it was.
void end_urgent_work() noexcept;

}  // namespace signet::pattern
