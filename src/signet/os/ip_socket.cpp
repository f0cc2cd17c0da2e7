// SPDX-License-Identifier: Apache-2.0
#include <signet/os/ip_socket.hpp>

#include <signet/os/kernel.hpp>
#include <signet/os/socket_io.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <string>

namespace signet::os {
namespace {

ip_address address_of(long number, int socket, std::string_view operation) {
    sockaddr_storage address{};
    unsigned bytes = sizeof address;
    check(call(number, socket, &address, &bytes), operation);
    return ip_address::from_kernel(&address, bytes);
}

std::string bind_advice(long result, const ip_address& address) {
    const std::string port = std::to_string(address.port());
    switch (result) {
        case -EADDRINUSE: return "`ss -lntup 'sport = :" + port + "'` tells who has the port";
        case -EADDRNOTAVAIL: return "no interface has that address; `ip address` lists them";
        case -ENODEV: return "there is no such interface; `ip link` lists them";
        case -EACCES:
            return "ports below /proc/sys/net/ipv4/ip_unprivileged_port_start take privilege";
        default: return {};
    }
}

}  // namespace

ip_address local_address_of(int socket) {
    return address_of(SYS_getsockname, socket, "ask for the own address");
}

ip_address peer_address_of(int socket) {
    return address_of(SYS_getpeername, socket, "ask for the peer's address");
}

void bind_ip(int socket, const ip_address& address) {
    const long result = call(SYS_bind, socket, address.data(), address.size());
    if (result < 0) fail(result, "bind socket to", address.text(), bind_advice(result, address));
}

void set_v6_reach(int socket, v6_reach reach) {
    set_socket_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, reach == v6_reach::only_v6 ? 1 : 0,
                      "choose which versions of IP a socket accepts");
}

std::string_view advice_for_network(long result) {
    switch (result) {
        case -ECONNREFUSED: return "the machine is there, but nobody listens at that port";
        case -ENETUNREACH:
        case -EHOSTUNREACH: return "there is no way there; `ip route get` tells what was tried";
        case -ENODEV: return "there is no such interface; `ip link` lists them";
        case -EADDRNOTAVAIL: return "all ports of this machine are in use, or none can be reached";
        case -EACCES: return "a broadcast address takes permission first, or a firewall forbids it";
        case -EPERM: return "a firewall on this machine forbids it";
        default: return {};
    }
}

}  // namespace signet::os
