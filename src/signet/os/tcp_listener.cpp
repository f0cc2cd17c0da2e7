// SPDX-License-Identifier: Apache-2.0
#include <signet/os/tcp_listener.hpp>

#include <signet/os/kernel.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

namespace signet::os {
namespace {

descriptor listen_at(const ip_address& address, const tcp_listener_options& options) {
    const bool v4 = address.version() == ip_version::v4;
    descriptor socket = create_socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK);
    set_socket_option(socket.get(), SOL_SOCKET, SO_REUSEADDR,
                      options.reuse_address == toggle::on ? 1 : 0, "choose to reuse an address");
    if (options.reuse_port == toggle::on) {
        set_socket_option(socket.get(), SOL_SOCKET, SO_REUSEPORT, 1, "choose to share a port");
    }
    if (!v4) set_v6_reach(socket.get(), options.reach);
    bind_ip(socket.get(), address);
    check(call(SYS_listen, socket.get(), options.backlog), "listen at", address.text());
    return socket;
}

}  // namespace

tcp_listener::tcp_listener(const ip_address& address, const tcp_listener_options& options)
    : socket_{listen_at(address, options)} {}

std::optional<tcp_socket> tcp_listener::accept(deadline until) {
    while (true) {
        if (auto accepted = try_accept_connection(fd())) return tcp_socket{std::move(*accepted)};
        if (!wait_ready(fd(), readiness::readable, until)) return std::nullopt;
    }
}

}  // namespace signet::os
