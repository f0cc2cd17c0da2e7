// SPDX-License-Identifier: Apache-2.0
#include <signet/os/poll.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <poll.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>

namespace signet::os {
namespace {

short events_of(readiness wanted) {
    return wanted == readiness::readable ? POLLIN : POLLOUT;
}

bool wait_for(std::span<pollfd> all, deadline until) {
    long count = -EINTR;
    // EINTR: waited again for what is left of the deadline.
    while (count == -EINTR) {
        kernel_timeout left = kernel_timeout::remaining(until);
        count = call(SYS_ppoll, all.data(), all.size(), left.get(), nullptr, 0);
    }
    check(count, "wait for descriptor");
    for (const pollfd& one : all) {
        if ((one.revents & POLLNVAL) != 0) fail(-EBADF, "wait for descriptor");
    }
    return count > 0;
}

bool wait_for(int fd, readiness wanted, deadline until) {
    pollfd one{.fd = fd, .events = events_of(wanted), .revents = 0};
    return wait_for(std::span{&one, 1}, until);
}

}  // namespace

bool wait_readable(int fd, deadline until) {
    return wait_for(fd, readiness::readable, until);
}

bool wait_writable(int fd, deadline until) {
    return wait_for(fd, readiness::writable, until);
}

bool wait_any_ready(std::span<const awaited> all, deadline until) {
    if (all.size() > awaited_max) throw contract_violation{"wait for more than 8 descriptors"};
    std::array<pollfd, awaited_max> asked{};
    std::transform(all.begin(), all.end(), asked.begin(), [](const awaited& one) {
        return pollfd{.fd = one.fd, .events = events_of(one.wanted), .revents = 0};
    });
    return wait_for(std::span{asked}.first(all.size()), until);
}

}  // namespace signet::os
