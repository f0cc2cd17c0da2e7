// SPDX-License-Identifier: Apache-2.0
// What TCP and UDP sockets have in common: their addresses, and what to say when the network will
// not have them. Functions without state; any thread.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/ip_address.hpp>

#include <string_view>

namespace signet::os {

/// What a socket bound to all v6 addresses of this machine accepts.
enum class v6_reach {
    only_v6,
    also_v4,  ///< v4 peers too, whose addresses look like ::ffff:127.0.0.1
};

/// The address a socket is bound to; its port where it had asked for 0. Throws `error`.
ip_address local_address_of(int socket);

/// The address it is connected to. Throws `error` where it is not, or no more.
ip_address peer_address_of(int socket);

/// Binds. Throws `error`: in use, not an address of this machine, a port below 1024 without the
/// right to it; the text says what to look at.
void bind_ip(int socket, const ip_address& address);

void set_v6_reach(int socket, v6_reach reach);

/// What helps against the error number `-result`, in trying to reach `to`.
std::string_view advice_for_network(long result);

}  // namespace signet::os
