// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_listener.hpp>

#include <signet/os/socket_io.hpp>

namespace signet::os {

seqpacket_listener::seqpacket_listener(const directory& place, std::string_view name, unsigned mode,
                                       int backlog)
    : socket_{listen_unix(unix_type::seqpacket, place, name, mode, backlog)} {}

seqpacket_listener::seqpacket_listener(const unix_address& abstract, int backlog)
    : socket_{listen_unix(unix_type::seqpacket, abstract, backlog)} {}

std::optional<seqpacket_socket> seqpacket_listener::try_accept() {
    std::optional<descriptor> accepted = try_accept_connection(fd());
    if (!accepted) return std::nullopt;
    return seqpacket_socket{std::move(*accepted)};
}

}  // namespace signet::os
