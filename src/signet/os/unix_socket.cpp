// SPDX-License-Identifier: Apache-2.0
#include <signet/os/unix_socket.hpp>

#include <signet/os/kernel.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>

namespace signet::os {

std::optional<seqpacket_socket> seqpacket_socket::connect(const directory& place,
                                                          std::string_view name, deadline until) {
    return connect(unix_address{place, name}, until);
}

std::optional<seqpacket_socket> seqpacket_socket::connect(const unix_address& address,
                                                          deadline until) {
    std::optional<descriptor> connected = connect_unix(unix_type::seqpacket, address, until);
    if (!connected) return std::nullopt;
    return seqpacket_socket{std::move(*connected)};
}

std::pair<seqpacket_socket, seqpacket_socket> seqpacket_socket::pair() {
    auto [here, there] = create_unix_pair(unix_type::seqpacket);
    return {seqpacket_socket{std::move(here)}, seqpacket_socket{std::move(there)}};
}

void seqpacket_socket::shutdown() {
    check(call(SYS_shutdown, fd(), SHUT_RDWR), "shut down socket");
}

}  // namespace signet::os
