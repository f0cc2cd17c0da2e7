// SPDX-License-Identifier: Apache-2.0
#include <signet/os/socket_io.hpp>

#include <signet/os/kernel.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>

namespace signet::os {
namespace {

int waiting_flag(waiting wait) {
    return wait == waiting::yes ? 0 : MSG_DONTWAIT;
}

long read_socket(int fd, std::span<std::byte> buffer, waiting wait) {
    return call(SYS_recvfrom, fd, buffer.data(), buffer.size(), waiting_flag(wait), nullptr,
                nullptr);
}

long write_socket(int fd, std::span<const std::byte> bytes, waiting wait) {
    return call(SYS_sendto, fd, bytes.data(), bytes.size(), waiting_flag(wait) | MSG_NOSIGNAL,
                nullptr, 0);
}

bool shut_down(int socket, int how) {
    const long result = call(SYS_shutdown, socket, how);
    if (result == -ENOTCONN) return false;
    check(result, "shut down socket");
    return true;
}

// Errors of one connection that broke before it was accepted, and interruptions: the next is taken.
bool is_passed_over(long result) {
    constexpr std::array passed{ECONNABORTED, EINTR,        EPROTO,     ENETDOWN,
                                EHOSTDOWN,    EHOSTUNREACH, ENETUNREACH};
    return std::find(passed.begin(), passed.end(), -result) != passed.end();
}

}  // namespace

constinit const stream_calls socket_calls{&read_socket, &write_socket, "stream socket"};

descriptor create_socket(int family, int type) {
    const long number = call(SYS_socket, family, type | SOCK_CLOEXEC, 0);
    const bool unknown = number == -EAFNOSUPPORT;
    return descriptor{static_cast<int>(
        check(number, "create socket", {}, unknown ? "this kernel has no such protocol" : ""))};
}

void set_socket_option(int socket, int level, int option, int value, std::string_view what) {
    check(call(SYS_setsockopt, socket, level, option, &value, sizeof value), what);
}

int socket_option(int socket, int level, int option, std::string_view what) {
    int value = 0;
    unsigned bytes = sizeof value;
    check(call(SYS_getsockopt, socket, level, option, &value, &bytes), what);
    return value;
}

void set_blocking(int socket, toggle blocking) {
    const long flags = check(call(SYS_fcntl, socket, F_GETFL), "ask for the flags of socket");
    const long wanted = blocking == toggle::on ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
    check(call(SYS_fcntl, socket, F_SETFL, wanted), "set the flags of socket");
}

std::optional<descriptor> try_accept_connection(int listener) {
    long number = -EINTR;
    while (is_passed_over(number)) {
        number = call(SYS_accept4, listener, nullptr, nullptr, SOCK_CLOEXEC);
    }
    if (number == -EAGAIN) return std::nullopt;
    return descriptor{static_cast<int>(check(number, "accept a connection"))};
}

bool shut_down_writing(int socket) {
    return shut_down(socket, SHUT_WR);
}

bool shut_down_reading(int socket) {
    return shut_down(socket, SHUT_RD);
}

}  // namespace signet::os
