// SPDX-License-Identifier: Apache-2.0
#include <signet/os/epoll.hpp>

#include <signet/os/kernel.hpp>

#include <sys/epoll.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <string>

namespace signet::os {
namespace {

bool has(interest all, interest one) {
    return (static_cast<unsigned>(all) & static_cast<unsigned>(one)) != 0;
}

std::uint32_t as_kernel_events(interest wanted) {
    std::uint32_t events = EPOLLRDHUP;
    if (has(wanted, interest::readable)) events |= EPOLLIN;
    if (has(wanted, interest::writable)) events |= EPOLLOUT;
    if (has(wanted, interest::edge_triggered)) events |= EPOLLET;
    return events;
}

ready as_ready(const epoll_event& event) {
    return {.tag = event.data.u64,
            .readable = (event.events & EPOLLIN) != 0,
            .writable = (event.events & EPOLLOUT) != 0,
            .hang_up = (event.events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0};
}

// EINTR: waited again for what is left of the deadline; who must see signals watches a
// signal_queue.
long wait_uninterrupted(int set, std::span<epoll_event> events, deadline until) {
    long count = -EINTR;
    while (count == -EINTR) {
        const kernel_timeout left = kernel_timeout::remaining(until);
        count = call(SYS_epoll_pwait2, set, events.data(), events.size(), left.get(), nullptr, 0);
    }
    return check(count, "wait for descriptors");
}

}  // namespace

epoll::epoll()
    : set_{static_cast<int>(check(call(SYS_epoll_create1, EPOLL_CLOEXEC), "create epoll set"))} {}

void epoll::control(int operation, int fd, interest wanted, std::uint64_t tag, const char* verb) {
    epoll_event event{};
    event.events = as_kernel_events(wanted);
    event.data.u64 = tag;
    const long result = call(SYS_epoll_ctl, set_.get(), operation, fd, &event);
    const bool full = result == -ENOSPC;
    check(result, verb, "descriptor " + std::to_string(fd),
          full ? "raise fs.epoll.max_user_watches" : "");
}

void epoll::add(int fd, interest wanted, std::uint64_t tag) {
    control(EPOLL_CTL_ADD, fd, wanted, tag, "watch");
}

void epoll::modify(int fd, interest wanted, std::uint64_t tag) {
    control(EPOLL_CTL_MOD, fd, wanted, tag, "change the watch of");
}

void epoll::remove(int fd) {
    control(EPOLL_CTL_DEL, fd, interest::hang_up, 0, "stop watching");
}

std::span<const ready> epoll::wait(std::span<ready> storage, deadline until) {
    std::array<epoll_event, ready_max> events;
    const std::size_t room = std::min(storage.size(), events.size());
    const long count = wait_uninterrupted(set_.get(), std::span{events}.first(room), until);
    const auto found = std::span{events}.first(static_cast<std::size_t>(count));
    std::transform(found.begin(), found.end(), storage.begin(), as_ready);
    return storage.first(found.size());
}

}  // namespace signet::os
