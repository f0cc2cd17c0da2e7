// SPDX-License-Identifier: Apache-2.0
#include <signet/os/waiting_call.hpp>

#include <signet/os/poll.hpp>

namespace signet::os {

bool wait_ready(int fd, readiness wanted, deadline until) {
    if (until == deadline::min()) return false;
    return wanted == readiness::readable ? wait_readable(fd, until) : wait_writable(fd, until);
}

}  // namespace signet::os
