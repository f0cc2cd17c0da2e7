// SPDX-License-Identifier: Apache-2.0
// Waiting where the user's own loop drives the control plane: what blocks must drive it meanwhile.
#pragma once

#include <signet/base/time.hpp>
#include <signet/link/control_plane.hpp>
#include <signet/os/futex.hpp>

namespace signet::transport::shm {

/// Waits until the notice changes or the deadline passes; drives a manual plane meanwhile.
void wait_for_notice(link::control_plane& plane, const os::futex_waiter& noticed, deadline until);

/// Waits until `fd` is readable, the notice changes, the plane had something to do (and did it), or
/// the deadline passes.
void sleep_in_plane(link::control_plane& plane, int fd, const os::futex_waiter& noticed,
                    deadline until);

}  // namespace signet::transport::shm
