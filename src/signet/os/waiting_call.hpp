// SPDX-License-Identifier: Apache-2.0
// A call on a descriptor that may have to wait, until a deadline. Any thread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/readiness.hpp>

#include <cerrno>

namespace signet::os {

/// Whether one call may wait in the kernel.
enum class waiting { no, yes };

/// Waits until `fd` is ready; false where the deadline passes first, at once with
/// `deadline::min()`. Throws `error`.
bool wait_ready(int fd, readiness wanted, deadline until);

/// Makes `attempt(waiting)` until it answers something else than -EAGAIN, and answers that; -EAGAIN
/// where the deadline passes first. Without a deadline the attempt itself waits, and `fd` is polled
/// only if it is non-blocking. An attempt that is interrupted has done nothing; it is made again.
template <typename Attempt>
long call_until(int fd, readiness wanted, deadline until, Attempt attempt) {
    const waiting wait = until == never ? waiting::yes : waiting::no;
    while (true) {
        const long result = attempt(wait);
        if (result == -EINTR) continue;
        if (result != -EAGAIN || !wait_ready(fd, wanted, until)) return result;
    }
}

}  // namespace signet::os
