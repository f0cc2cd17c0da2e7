// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/plane_wait.hpp>

#include <signet/life/waiting.hpp>

#include <algorithm>

namespace signet::transport::shm {

void wait_for_notice(link::control_plane& plane, const os::futex_waiter& noticed, deadline until) {
    if (plane.manual()) return plane.poll(until, -1, &noticed);
    os::futex_wait_any(std::span{&noticed, 1}, until);
}

void sleep_in_plane(link::control_plane& plane, int fd, const os::futex_waiter& noticed,
                    deadline until) {
    plane.poll(std::min(until, after(life::backstop)), fd, &noticed);
}

}  // namespace signet::transport::shm
