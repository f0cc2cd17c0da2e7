// SPDX-License-Identifier: Apache-2.0
// A memory fence that one side pays for both: the rare side calls here, and every thread that runs
// elsewhere executes a full fence, so that the frequent side needs only a compiler barrier. Both
// sides must have registered. Any thread.
#pragma once

namespace signet::os {

/// Whether this kernel has both fences below.
bool membarrier_supported();

/// Registers this process for both; to do it again is harmless. False where the kernel cannot.
bool register_for_membarrier();

/// A full fence in every running thread of every registered process. Throws `error` where the
/// kernel cannot.
void membarrier_all_processes();

/// A full fence in every running thread of this process. Throws `error` where it has not
/// registered.
void membarrier_this_process();

}  // namespace signet::os
