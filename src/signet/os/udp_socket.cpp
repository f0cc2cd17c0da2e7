// SPDX-License-Identifier: Apache-2.0
#include <signet/os/udp_socket.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>

namespace signet::os {
namespace {

constexpr std::size_t v4_bytes_max = 65535 - 20 - 8;  // a packet's length, less both headers
constexpr std::size_t v6_bytes_max = 65535 - 8;       // here without the header of IP
constexpr int hops_max = 255;

// What a group is joined by, for both versions.
struct membership {
    membership(const ip_address& group, unsigned index) {
        request.gr_interface = index;
        std::memcpy(&request.gr_group, group.data(), group.size());
    }
    group_req request{};
};

int level_of(ip_version version) {
    return version == ip_version::v4 ? IPPROTO_IP : IPPROTO_IPV6;
}

descriptor open_at(const ip_address& address, const udp_options& options) {
    const bool v4 = address.version() == ip_version::v4;
    descriptor socket = create_socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM);
    if (!v4) set_v6_reach(socket.get(), options.reach);
    if (options.share_port == toggle::on)
        set_socket_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1, "share a port");
    set_socket_option(socket.get(), SOL_SOCKET, SO_RXQ_OVFL, 1, "count lost datagrams");
    // or it would receive what other sockets on this machine have joined
    set_socket_option(socket.get(), level_of(address.version()),
                      v4 ? IP_MULTICAST_ALL : IPV6_MULTICAST_ALL, 0, "receive own groups only");
    bind_ip(socket.get(), address);
    return socket;
}

std::string_view send_advice(long result) {
    if (result != -EMSGSIZE) return advice_for_network(result);
    return "a datagram has at most 65507 bytes, or 65527 by version 6; send it in pieces, or by "
           "TCP";
}

std::uint32_t lost_in(msghdr& header) {
    std::uint32_t lost = 0;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
         part = CMSG_NXTHDR(&header, part)) {
        const bool counts = part->cmsg_level == SOL_SOCKET && part->cmsg_type == SO_RXQ_OVFL;
        if (counts) std::memcpy(&lost, CMSG_DATA(part), sizeof lost);
    }
    return lost;
}

std::optional<ip_address> sender_in(const msghdr& header) {
    if (header.msg_namelen == 0) return std::nullopt;
    return ip_address::from_kernel(header.msg_name, header.msg_namelen);
}

void change_membership(int socket, int option, std::string_view operation, const ip_address& group,
                       unsigned index) {
    if (!group.is_multicast()) throw contract_violation{"not a multicast address"};
    const membership wanted{group, index};
    const long result = call(SYS_setsockopt, socket, level_of(group.version()), option,
                             &wanted.request, sizeof wanted.request);
    const char* advice =
        result == -ENODEV ? "there is no such interface; `ip link` lists them"
        : result == -ENOBUFS
            ? "raise /proc/sys/net/ipv4/igmp_max_memberships, or net.core.optmem_max"
        : result == -EADDRINUSE    ? "it has joined already"
        : result == -EADDRNOTAVAIL ? "it had not joined there"
                                   : "";
    check(result, operation, group.host_text(), advice);
}

}  // namespace

std::size_t udp_bytes_max(ip_version version) {
    return version == ip_version::v4 ? v4_bytes_max : v6_bytes_max;
}

udp_socket::udp_socket(const ip_address& address, const udp_options& options)
    : version_{address.version()}, socket_{open_at(address, options)} {}

void udp_socket::connect(const ip_address& peer) {
    const long result = call(SYS_connect, fd(), peer.data(), peer.size());
    check(result, "connect to", peer.text(), advice_for_network(result));
}

datagram_status udp_socket::send(std::span<const std::byte> message, deadline until) {
    return send(nullptr, 0, {}, message, until);
}

datagram_status udp_socket::send_to(const ip_address& to, std::span<const std::byte> message,
                                    deadline until) {
    return send(to.data(), to.size(), to.text(), message, until);
}

datagram_status udp_socket::send(const void* address, unsigned address_bytes, std::string_view text,
                                 std::span<const std::byte> message, deadline until) {
    const long result = call_until(fd(), readiness::writable, until, [&](waiting wait) {
        const int flags = MSG_NOSIGNAL | (wait == waiting::yes ? 0 : MSG_DONTWAIT);
        return call(SYS_sendto, fd(), message.data(), message.size(), flags, address,
                    address_bytes);
    });
    if (result == -EAGAIN) return datagram_status::timed_out;
    if (result == -ECONNREFUSED) return datagram_status::refused;
    if (result == -EDESTADDRREQ) throw contract_violation{"send: connect first, or use send_to"};
    const std::string operation = "send datagram of " + std::to_string(message.size()) + " bytes";
    check(result, text.empty() ? operation : operation + " to", text, send_advice(result));
    return datagram_status::moved;
}

udp_received udp_socket::receive(std::span<std::byte> buffer, deadline until) {
    sockaddr_storage sender{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint32_t))> control{};
    iovec bytes{buffer.data(), buffer.size()};
    msghdr header{};
    const long result = call_until(fd(), readiness::readable, until, [&](waiting wait) {
        header = {.msg_name = &sender,
                  .msg_namelen = sizeof sender,
                  .msg_iov = &bytes,
                  .msg_iovlen = 1,
                  .msg_control = control.data(),
                  .msg_controllen = control.size(),
                  .msg_flags = 0};
        return call(SYS_recvmsg, fd(), &header, wait == waiting::yes ? 0 : MSG_DONTWAIT);
    });
    if (result == -EAGAIN) return {.status = datagram_status::timed_out};
    if (result == -ECONNREFUSED) return {.status = datagram_status::refused};
    check(result, "receive datagram", {}, advice_for_network(result));
    return {.status = datagram_status::moved,
            .bytes = static_cast<std::size_t>(result),
            .truncated = (header.msg_flags & MSG_TRUNC) != 0,
            .lost_before = lost_in(header),
            .sender = sender_in(header)};
}

void udp_socket::join(const ip_address& group, unsigned index) {
    change_membership(fd(), MCAST_JOIN_GROUP, "join group", group, index);
}

void udp_socket::leave(const ip_address& group, unsigned index) {
    change_membership(fd(), MCAST_LEAVE_GROUP, "leave group", group, index);
}

void udp_socket::set_multicast_interface(unsigned index) {
    const ip_mreqn v4{
        .imr_multiaddr = {}, .imr_address = {}, .imr_ifindex = static_cast<int>(index)};
    const bool is_v4 = version_ == ip_version::v4;
    const void* value = is_v4 ? static_cast<const void*>(&v4) : &index;
    const long result =
        call(SYS_setsockopt, fd(), level_of(version_), is_v4 ? IP_MULTICAST_IF : IPV6_MULTICAST_IF,
             value, is_v4 ? sizeof v4 : sizeof index);
    const bool unknown = result == -ENODEV || result == -EADDRNOTAVAIL;
    check(result, "send multicasts through interface", std::to_string(index),
          unknown ? "there is no such interface; `ip link` lists them" : "");
}

void udp_socket::set_multicast_hops(int hops) {
    if (hops < 0 || hops > hops_max) throw contract_violation{"hops: between 0 and 255"};
    const bool v4 = version_ == ip_version::v4;
    set_socket_option(fd(), level_of(version_), v4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS, hops,
                      "limit how far multicasts go");
}

void udp_socket::set_multicast_loopback(toggle value) {
    const bool v4 = version_ == ip_version::v4;
    set_socket_option(fd(), level_of(version_), v4 ? IP_MULTICAST_LOOP : IPV6_MULTICAST_LOOP,
                      value == toggle::on ? 1 : 0, "choose to receive own multicasts");
}

void udp_socket::set_broadcast(toggle value) {
    set_socket_option(fd(), SOL_SOCKET, SO_BROADCAST, value == toggle::on ? 1 : 0,
                      "permit broadcasts");
}

std::size_t udp_socket::receive_buffer_bytes() const {
    return static_cast<std::size_t>(
        socket_option(fd(), SOL_SOCKET, SO_RCVBUF, "ask for the size of the receive buffer"));
}

std::size_t udp_socket::set_receive_buffer_bytes(std::size_t bytes) {
    const std::size_t most = std::numeric_limits<int>::max() / 2;
    set_socket_option(fd(), SOL_SOCKET, SO_RCVBUF, static_cast<int>(std::min(bytes, most)),
                      "size the receive buffer");
    return receive_buffer_bytes();
}

}  // namespace signet::os
