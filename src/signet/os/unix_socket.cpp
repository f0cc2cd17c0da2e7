// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_socket.hpp>

#include <signet/os/kernel.hpp>
#include <signet/os/unix_address.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <algorithm>
#include <array>

namespace signet::os {
namespace {

constexpr int peer_pidfd_option = 77;   // SO_PEERPIDFD, of Linux 6.5
constexpr int pass_rights_option = 83;  // SO_PASSRIGHTS, of Linux 6.16
constexpr int socket_type = SOCK_SEQPACKET | SOCK_CLOEXEC;

long set_option(int socket, int option, const void* value, unsigned bytes) {
    return call(SYS_setsockopt, socket, SOL_SOCKET, option, value, bytes);
}

// A connect that does not block says EAGAIN on a full backlog and gives nothing to poll; so it
// blocks, for at most the time to send. A time of zero would mean for ever.
void limit_connect_time(int socket, deadline until) {
    timeval limit{};
    if (until != never) {
        const kernel_timeout left = kernel_timeout::remaining(until);
        limit.tv_sec = left.get()->tv_sec;
        limit.tv_usec = left.get()->tv_nsec / 1000;
        if (limit.tv_sec == 0) limit.tv_usec = std::max<decltype(limit.tv_usec)>(limit.tv_usec, 1);
    }
    check(set_option(socket, SO_SNDTIMEO, &limit, sizeof limit), "limit the time to connect");
}

// EINTR: a unix socket is connected at once or not at all, so connect is called again, for what is
// left of the deadline.
long connect_uninterrupted(int socket, const unix_address& address, deadline until) {
    long result = -EINTR;
    while (result == -EINTR) {
        limit_connect_time(socket, until);
        result = call(SYS_connect, socket, address.data(), address.size());
    }
    return result;
}

}  // namespace

std::optional<seqpacket_socket> seqpacket_socket::connect(const directory& place,
                                                          std::string_view name, deadline until) {
    const unix_address address{place, name};
    const long number = call(SYS_socket, AF_UNIX, socket_type, 0);
    descriptor socket{static_cast<int>(check(number, "create socket"))};
    const long result = connect_uninterrupted(socket.get(), address, until);
    if (result == -ECONNREFUSED || result == -ENOENT) return std::nullopt;
    if (result == -EAGAIN) {
        fail(-ETIMEDOUT, "connect to", place.path_of(name), "its owner accepts too slowly");
    }
    check(result, "connect to", place.path_of(name));
    return seqpacket_socket{std::move(socket)};
}

std::pair<seqpacket_socket, seqpacket_socket> seqpacket_socket::pair() {
    std::array<int, 2> numbers{-1, -1};
    check(call(SYS_socketpair, AF_UNIX, socket_type, 0, numbers.data()), "create socket pair");
    return {seqpacket_socket{descriptor{numbers[0]}}, seqpacket_socket{descriptor{numbers[1]}}};
}

peer_credentials seqpacket_socket::credentials() const {
    ucred peer{};
    unsigned bytes = sizeof peer;
    check(call(SYS_getsockopt, fd(), SOL_SOCKET, SO_PEERCRED, &peer, &bytes), "identify the peer");
    return {.pid = peer.pid, .uid = peer.uid, .gid = peer.gid};
}

std::optional<descriptor> seqpacket_socket::peer_pidfd() const {
    int number = -1;
    unsigned bytes = sizeof number;
    const long result = call(SYS_getsockopt, fd(), SOL_SOCKET, peer_pidfd_option, &number, &bytes);
    // the last two: the peer has been reaped, or never had a process we can see
    const bool none =
        result == -ENOPROTOOPT || result == -EINVAL || result == -ESRCH || result == -ENODATA;
    if (none) return std::nullopt;
    check(result, "get a handle of the peer's process");
    return descriptor{number};
}

bool seqpacket_socket::refuse_descriptors() {
    const int pass = 0;
    return set_option(fd(), pass_rights_option, &pass, sizeof pass) == 0;
}

void seqpacket_socket::shutdown() {
    check(call(SYS_shutdown, fd(), SHUT_RDWR), "shut down socket");
}

}  // namespace signet::os
