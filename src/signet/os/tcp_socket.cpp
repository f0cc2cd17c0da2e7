// SPDX-License-Identifier: Apache-2.0
#include <signet/os/tcp_socket.hpp>

#include <signet/base/error.hpp>
#include <signet/os/ip_socket.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <limits>

namespace signet::os {
namespace {

int family_of(const ip_address& address) {
    return address.version() == ip_version::v4 ? AF_INET : AF_INET6;
}

// EINTR: the connection goes on being made, as with EINPROGRESS; calling again would be an error.
long connect_until(int socket, const ip_address& to, deadline until) {
    const long result = call(SYS_connect, socket, to.data(), to.size());
    if (result != -EINPROGRESS && result != -EINTR) return result;
    if (!wait_writable(socket, until)) return -ETIMEDOUT;
    return -socket_option(socket, SOL_SOCKET, SO_ERROR, "ask how connecting went");
}

// A port nobody listens at may be the very one that this socket was given, and then it connects
// with itself.
bool is_own_peer(int socket) {
    return local_address_of(socket) == peer_address_of(socket);
}

int as_option(std::chrono::seconds value) {
    if (value.count() < 1 || value.count() > 32767) {
        throw contract_violation{"keep_alive: between 1 and 32767 seconds"};
    }
    return static_cast<int>(value.count());
}

}  // namespace

tcp_socket tcp_socket::connect(const ip_address& to, deadline until,
                               const std::optional<ip_address>& from) {
    descriptor socket = create_socket(family_of(to), SOCK_STREAM | SOCK_NONBLOCK);
    if (from) bind_ip(socket.get(), *from);
    long result = connect_until(socket.get(), to, until);
    if (result == 0 && is_own_peer(socket.get())) result = -ECONNREFUSED;
    if (result < 0) fail(result, "connect to", to.text(), advice_for_network(result));
    set_blocking(socket.get(), toggle::on);
    return tcp_socket{std::move(socket)};
}

void tcp_socket::set_no_delay(toggle value) {
    set_socket_option(fd(), IPPROTO_TCP, TCP_NODELAY, value == toggle::on ? 1 : 0,
                      "choose when small writes are sent");
}

void tcp_socket::set_keep_alive(const std::optional<keep_alive>& probes) {
    constexpr std::string_view what = "probe a silent peer";
    if (probes) {
        set_socket_option(fd(), IPPROTO_TCP, TCP_KEEPIDLE, as_option(probes->idle), what);
        set_socket_option(fd(), IPPROTO_TCP, TCP_KEEPINTVL, as_option(probes->interval), what);
        set_socket_option(fd(), IPPROTO_TCP, TCP_KEEPCNT, probes->count, what);
    }
    set_socket_option(fd(), SOL_SOCKET, SO_KEEPALIVE, probes ? 1 : 0, what);
}

void tcp_socket::set_user_timeout(std::chrono::milliseconds limit) {
    if (limit.count() < 0 || limit.count() > std::numeric_limits<int>::max()) {
        throw contract_violation{"user timeout: between zero and 24 days"};
    }
    set_socket_option(fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(limit.count()),
                      "limit the time to an acknowledgement");
}

void tcp_socket::set_linger(const std::optional<std::chrono::seconds>& wait) {
    const linger choice{.l_onoff = wait ? 1 : 0,
                        .l_linger = wait ? static_cast<int>(wait->count()) : 0};
    check(call(SYS_setsockopt, fd(), SOL_SOCKET, SO_LINGER, &choice, sizeof choice),
          "choose how a connection is closed");
}

ip_address tcp_socket::local_address() const {
    return local_address_of(fd());
}

ip_address tcp_socket::peer_address() const {
    return peer_address_of(fd());
}

}  // namespace signet::os
