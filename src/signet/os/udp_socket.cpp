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
    if (options.share_with_user == toggle::on)
        set_socket_option(socket.get(), SOL_SOCKET, SO_REUSEPORT, 1, "share a port");
    if (options.tell_destination == toggle::on)
        set_socket_option(socket.get(), level_of(address.version()),
                          v4 ? IP_PKTINFO : IPV6_RECVPKTINFO, 1, "ask for destinations");
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

/// Room for all that comes beside a datagram, or goes with one.
struct control_room {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint32_t)) +
                                          CMSG_SPACE(sizeof(in6_pktinfo))> bytes{};
};

ip_address address_in(const in_pktinfo& info) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr = info.ipi_addr;
    return ip_address::from_kernel(&address, sizeof address);
}

ip_address address_in(const in6_pktinfo& info) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = info.ipi6_addr;
    if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) address.sin6_scope_id = info.ipi6_ifindex;
    return ip_address::from_kernel(&address, sizeof address);
}

template <class Value>
Value value_in(cmsghdr* part) {
    Value value;
    std::memcpy(&value, CMSG_DATA(part), sizeof value);
    return value;
}

void read_control(msghdr& header, udp_received& into) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
         part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SO_RXQ_OVFL) {
            into.lost_before = value_in<std::uint32_t>(part);
        } else if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            into.destination = address_in(value_in<in_pktinfo>(part));
        } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
            into.destination = address_in(value_in<in6_pktinfo>(part));
        }
    }
}

// Has a message be sent from `from`.
void put_source(msghdr& header, control_room& room, const ip_address& from) {
    const bool v4 = from.version() == ip_version::v4;
    in_pktinfo four{};
    in6_pktinfo six{};
    if (v4) {
        sockaddr_in address;
        std::memcpy(&address, from.data(), sizeof address);
        four.ipi_spec_dst = address.sin_addr;
    } else {
        sockaddr_in6 address;
        std::memcpy(&address, from.data(), sizeof address);
        six.ipi6_addr = address.sin6_addr;
        six.ipi6_ifindex = address.sin6_scope_id;
    }
    const std::size_t bytes = v4 ? sizeof four : sizeof six;
    header.msg_control = room.bytes.data();
    header.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* const part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = level_of(from.version());
    part->cmsg_type = v4 ? IP_PKTINFO : IPV6_PKTINFO;
    part->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(part), v4 ? static_cast<const void*>(&four) : &six, bytes);
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

datagram_status udp_socket::answer(const udp_received& received,
                                   std::span<const std::byte> message) {
    if (!received.sender) throw contract_violation{"answer: nobody is known to have sent it"};
    ip_address to = *received.sender;
    iovec bytes{const_cast<std::byte*>(message.data()), message.size()};
    control_room room;
    msghdr header{.msg_name = const_cast<void*>(to.data()),
                  .msg_namelen = to.size(),
                  .msg_iov = &bytes,
                  .msg_iovlen = 1,
                  .msg_control = nullptr,
                  .msg_controllen = 0,
                  .msg_flags = 0};
    if (received.destination) put_source(header, room, *received.destination);
    const long result = call_uninterrupted(SYS_sendmsg, fd(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (result == -EAGAIN) return datagram_status::timed_out;
    check(result, "answer", to.text(), send_advice(result));
    return datagram_status::moved;
}

udp_received udp_socket::receive(std::span<std::byte> buffer, deadline until) {
    sockaddr_storage sender{};
    control_room control;
    iovec bytes{buffer.data(), buffer.size()};
    msghdr header{};
    const long result = call_until(fd(), readiness::readable, until, [&](waiting wait) {
        header = {.msg_name = &sender,
                  .msg_namelen = sizeof sender,
                  .msg_iov = &bytes,
                  .msg_iovlen = 1,
                  .msg_control = control.bytes.data(),
                  .msg_controllen = control.bytes.size(),
                  .msg_flags = 0};
        return call(SYS_recvmsg, fd(), &header, wait == waiting::yes ? 0 : MSG_DONTWAIT);
    });
    if (result == -EAGAIN) return {.status = datagram_status::timed_out};
    if (result == -ECONNREFUSED) return {.status = datagram_status::refused};
    check(result, "receive datagram", {}, advice_for_network(result));
    udp_received got{.status = datagram_status::moved,
                     .bytes = static_cast<std::size_t>(result),
                     .truncated = (header.msg_flags & MSG_TRUNC) != 0,
                     .sender = sender_in(header)};
    read_control(header, got);
    return got;
}

udp_received udp_socket::receive_from_peer(std::span<std::byte> buffer, deadline until) {
    return take(buffer, 0, until);
}

udp_received udp_socket::peek(std::span<std::byte> buffer) {
    return take(buffer, MSG_PEEK, deadline::min());
}

// MSG_TRUNC asks for the whole length.
udp_received udp_socket::take(std::span<std::byte> buffer, int flags, deadline until) {
    const long result = call_until(fd(), readiness::readable, until, [&](waiting wait) {
        const int all = flags | MSG_TRUNC | (wait == waiting::yes ? 0 : MSG_DONTWAIT);
        return call(SYS_recvfrom, fd(), buffer.data(), buffer.size(), all, nullptr, nullptr);
    });
    if (result == -EAGAIN) return {.status = datagram_status::timed_out};
    if (result == -ECONNREFUSED) return {.status = datagram_status::refused};
    check(result, "receive datagram", {}, advice_for_network(result));
    const auto bytes = static_cast<std::size_t>(result);
    return {.status = datagram_status::moved,
            .bytes = std::min(bytes, buffer.size()),
            .truncated = bytes > buffer.size()};
}

void udp_socket::set_share_with_user(toggle value) {
    set_socket_option(fd(), SOL_SOCKET, SO_REUSEPORT, value == toggle::on ? 1 : 0, "share a port");
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
