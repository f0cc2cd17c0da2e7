// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_connection.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/name_guard.hpp>
#include <signet/os/socket_io.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <string>

namespace signet::os {
namespace {

int kernel_type(unix_type type) {
    switch (type) {
        case unix_type::stream: return SOCK_STREAM;
        case unix_type::datagram: return SOCK_DGRAM;
        default: return SOCK_SEQPACKET;
    }
}

// A connect that does not block says EAGAIN on a full backlog and gives nothing to poll; so it
// blocks, for at most the time to send.
// EINTR: a unix socket is connected at once or not at all, so connect is called again, for what is
// left of the deadline.
long connect_uninterrupted(int socket, const unix_address& address, deadline until) {
    long result = -EINTR;
    while (result == -EINTR) {
        limit_send_time(socket, until);
        result = call(SYS_connect, socket, address.data(), address.size());
    }
    return result;
}

void bind_name(const descriptor& socket, const directory& place, std::string_view name,
               unsigned mode) {
    const unix_address address{place, name};
    const std::string entry{name};
    // before bind, so that the name is at no instant more open than asked for
    check(call(SYS_fchmod, socket.get(), mode), "set the mode of socket", address.text());
    const long bound = call(SYS_bind, socket.get(), address.data(), address.size());
    const bool taken = bound == -EADDRINUSE;
    check(bound, "bind socket", address.text(),
          taken ? "the name is taken; remove it if it is stale" : "");
    name_guard guard{place.fd(), name};
    // and after it, because the umask has taken bits away
    const long exact = call(SYS_fchmodat, place.fd(), entry.c_str(), mode);
    check(exact, "set the mode of socket", address.text());
    guard.keep();
}

void listen_on(const descriptor& socket, int backlog, const std::string& text) {
    check(call(SYS_listen, socket.get(), backlog), "listen on socket", text);
}

descriptor created(unix_type type, int flags = 0) {
    return create_socket(AF_UNIX, kernel_type(type) | flags);
}

void bind_abstract(const descriptor& socket, const unix_address& address) {
    if (!address.is_abstract()) throw contract_violation{"not an abstract address"};
    const long bound = call(SYS_bind, socket.get(), address.data(), address.size());
    const bool taken = bound == -EADDRINUSE;
    check(bound, "bind socket", address.text(),
          taken ? "a running process has the name; `ss -xlp` tells which" : "");
}

}  // namespace

// A time of zero would mean for ever.
void limit_send_time(int socket, deadline until) {
    timeval limit{};
    if (until != never) {
        const kernel_timeout left = kernel_timeout::remaining(until);
        limit.tv_sec = left.get()->tv_sec;
        limit.tv_usec = left.get()->tv_nsec / 1000;
        if (limit.tv_sec == 0) limit.tv_usec = std::max<decltype(limit.tv_usec)>(limit.tv_usec, 1);
    }
    const long result = call(SYS_setsockopt, socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    check(result, "limit the time to send");
}

std::optional<descriptor> connect_unix(unix_type type, const unix_address& address,
                                       deadline until) {
    descriptor socket = created(type);
    const long result = connect_uninterrupted(socket.get(), address, until);
    if (result == -ECONNREFUSED || result == -ENOENT) return std::nullopt;
    if (result == -EAGAIN) {
        fail(-ETIMEDOUT, "connect to", address.text(), "its owner accepts too slowly");
    }
    const bool other = result == -EPROTOTYPE;
    check(result, "connect to", address.text(),
          other ? "its owner has a socket of another type there" : "");
    return socket;
}

std::pair<descriptor, descriptor> create_unix_pair(unix_type type) {
    std::array<int, 2> numbers{-1, -1};
    const int flags = kernel_type(type) | SOCK_CLOEXEC;
    check(call(SYS_socketpair, AF_UNIX, flags, 0, numbers.data()), "create socket pair");
    return {descriptor{numbers[0]}, descriptor{numbers[1]}};
}

descriptor bind_unix(unix_type type, const directory& place, std::string_view name, unsigned mode) {
    descriptor socket = created(type);
    bind_name(socket, place, name, mode);
    return socket;
}

descriptor bind_unix(unix_type type, const unix_address& abstract) {
    descriptor socket = created(type);
    bind_abstract(socket, abstract);
    return socket;
}

descriptor listen_unix(unix_type type, const directory& place, std::string_view name, unsigned mode,
                       int backlog) {
    descriptor socket = created(type, SOCK_NONBLOCK);
    bind_name(socket, place, name, mode);
    name_guard guard{place.fd(), name};
    listen_on(socket, backlog, place.path_of(name));
    guard.keep();
    return socket;
}

descriptor listen_unix(unix_type type, const unix_address& abstract, int backlog) {
    descriptor socket = created(type, SOCK_NONBLOCK);
    bind_abstract(socket, abstract);
    listen_on(socket, backlog, abstract.text());
    return socket;
}

}  // namespace signet::os
