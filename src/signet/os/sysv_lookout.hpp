// SPDX-License-Identifier: Apache-2.0
// Waiting until a System V queue may have a message, up to a deadline, which the kernel does not
// offer. A process made for one wait asks for messages of no bytes, without truncation: the kernel
// answers as soon as one comes, and leaves it there unless it is indeed empty. Then that process
// has taken it, and so says the page both share, whenever the process was ended. It has no
// descriptors of its own, runs no handler, and dies with the thread that made it. Used by one
// thread.
#pragma once

#include <signet/base/time.hpp>

namespace signet::os {

struct sysv_sighting {
    bool came = false;  ///< look now; false: the deadline passed
    long taken = 0;     ///< the type of an empty message that was taken; 0: none was
};

/// Waits for a message that msgrcv would give for `selector` and `flags`. Throws `error`: no more
/// processes, descriptors, memory.
sysv_sighting look_out(int id, long selector, int flags, deadline until);

}  // namespace signet::os
