// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/plane_wait.hpp>

#include <signet/life/waiting.hpp>
#include <signet/os/epoll.hpp>

#include <algorithm>
#include <array>

namespace signet::transport::shm {

void wait_for_notice(link::control_plane& plane, const os::futex_waiter& noticed, deadline until) {
    if (plane.manual()) return plane.poll(until);
    os::futex_wait_any(std::span{&noticed, 1}, until);
}

void sleep_in_plane(link::control_plane& plane, int fd, deadline until) {
    os::epoll both;
    both.add(fd, os::interest::readable, 0);
    both.add(plane.fd(), os::interest::readable, 1);
    std::array<os::ready, 2> storage;
    both.wait(storage, std::min(until, after(life::backstop)));
    plane.poll(clock::now());
}

}  // namespace signet::transport::shm
