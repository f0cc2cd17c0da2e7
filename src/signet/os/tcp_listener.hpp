// SPDX-License-Identifier: Apache-2.0
// A port at which TCP connections are taken. Any thread may accept. The port is free again as soon
// as the listener is gone, also a killed one: connections that it had accepted linger in the kernel
// without holding it (`reuse_address`); those not yet accepted are reset.
#pragma once

#include <signet/os/ip_socket.hpp>
#include <signet/os/tcp_socket.hpp>

#include <optional>

namespace signet::os {

struct tcp_listener_options {
    int backlog = 128;                   ///< peers that may wait to be accepted
    toggle reuse_address = toggle::on;   ///< off: not while old connections linger
    toggle reuse_port = toggle::off;     ///< on: with others of this user who say so; each peer
                                         ///< comes to one of them, as the kernel chooses
    v6_reach reach = v6_reach::only_v6;  ///< of an address of version 6
};

class tcp_listener {
public:
    /// Listens at `address`; port 0 lets the kernel choose one, see `local_address`. Throws
    /// `error`: in use (the text says how to find by whom), no such address, no rights.
    explicit tcp_listener(const ip_address& address, const tcp_listener_options& options = {});

    /// The next peer; no value when the deadline passes first. Throws `error` at the limit of open
    /// files; the peer then goes on waiting, and so does the descriptor stay readable.
    std::optional<tcp_socket> accept(deadline until);

    /// The same without waiting.
    std::optional<tcp_socket> try_accept() { return accept(deadline::min()); }

    /// Throws `error`.
    ip_address local_address() const { return local_address_of(fd()); }

    /// To watch. Valid as long as this object.
    int fd() const noexcept { return socket_.get(); }

private:
    descriptor socket_;
};

}  // namespace signet::os
