// SPDX-License-Identifier: Apache-2.0
#include <signet/os/tcp_attempt.hpp>

#include <signet/os/ip_socket.hpp>
#include <signet/os/kernel.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>

#include <utility>

namespace signet::os {
namespace {

int family_of(const ip_address& address) {
    return address.version() == ip_version::v4 ? AF_INET : AF_INET6;
}

// A port nobody listens at may be the very one that this socket was given, and then it connects
// with itself.
bool is_own_peer(int socket) {
    return local_address_of(socket) == peer_address_of(socket);
}

}  // namespace

tcp_attempt::tcp_attempt(const ip_address& to, const std::optional<ip_address>& from)
    : to_{to}, socket_{create_socket(family_of(to), SOCK_STREAM | SOCK_NONBLOCK)} {
    if (from) bind_ip(fd(), *from);
    const long result = call(SYS_connect, fd(), to_.data(), to_.size());
    // EINTR: the connection goes on being made, as with EINPROGRESS; calling again would be an
    // error.
    if (result < 0 && result != -EINPROGRESS && result != -EINTR) fail_with(result);
}

tcp_socket tcp_attempt::finish() {
    long result = -socket_option(fd(), SOL_SOCKET, SO_ERROR, "ask how connecting went");
    if (result == 0 && is_own_peer(fd())) result = -ECONNREFUSED;
    if (result < 0) fail_with(result);
    set_blocking(fd(), toggle::on);
    return tcp_socket{std::move(socket_)};
}

void tcp_attempt::give_up() const {
    fail_with(-ETIMEDOUT);
}

void tcp_attempt::fail_with(long result) const {
    fail(result, "connect to", to_.text(), advice_for_network(result));
}

}  // namespace signet::os
