// SPDX-License-Identifier: Apache-2.0
#include <signet/os/poll.hpp>

#include <signet/os/kernel.hpp>

#include <poll.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

bool wait_for(int fd, short events, deadline until) {
    pollfd one{.fd = fd, .events = events, .revents = 0};
    long count = -EINTR;
    // EINTR: waited again for what is left of the deadline.
    while (count == -EINTR) {
        kernel_timeout left = kernel_timeout::remaining(until);
        count = call(SYS_ppoll, &one, 1, left.get(), nullptr, 0);
    }
    check(count, "wait for descriptor");
    if ((one.revents & POLLNVAL) != 0) fail(-EBADF, "wait for descriptor");
    return count > 0;
}

}  // namespace

bool wait_readable(int fd, deadline until) {
    return wait_for(fd, POLLIN, until);
}

bool wait_writable(int fd, deadline until) {
    return wait_for(fd, POLLOUT, until);
}

}  // namespace signet::os
