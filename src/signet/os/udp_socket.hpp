// SPDX-License-Identifier: Apache-2.0
// Datagrams over IP: each is received whole or not at all, once, perhaps out of order, and lost
// without a word when a queue on its way is full; number them where that matters. To one address,
// to all that joined a multicast group, or to all in a network (broadcast). Sending and receiving
// may run in two threads. A killed peer leaves nothing and tells nobody; only a connected socket
// learns, with the next call after a datagram found no taker, that it was `refused`.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/ip_address.hpp>
#include <signet/os/ip_socket.hpp>
#include <signet/os/socket_io.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace signet::os {

enum class datagram_status {
    moved,      ///< sent, which is not received; or one datagram was received
    timed_out,  ///< the deadline passed first
    refused,    ///< an earlier datagram found nobody at the address this socket is connected to
};

struct udp_received {
    datagram_status status = datagram_status::moved;
    std::size_t bytes = 0;          ///< how much of the buffer was filled; a datagram may be empty
    bool truncated = false;         ///< it was longer than the buffer; the rest is lost
    std::uint32_t lost_before = 0;  ///< datagrams this socket has had no room for, so far
    std::optional<ip_address> sender{};       ///< where it came from; anybody can forge it
    std::optional<ip_address> destination{};  ///< the address it was sent to, where that is told
};

/// What fits into one datagram: 65507 bytes, or 65527 by version 6. More than some 1400 are cut in
/// pieces on a network, and all lost with any of them.
std::size_t udp_bytes_max(ip_version version);

struct udp_options {
    toggle share_port = toggle::off;  ///< several sockets at one port, each gets every multicast
    toggle share_with_user = toggle::off;   ///< see set_share_with_user
    toggle tell_destination = toggle::off;  ///< of each datagram; costs a little
    v6_reach reach = v6_reach::only_v6;     ///< of an address of version 6
};

class udp_socket {
public:
    /// Binds to `address`; port 0 lets the kernel choose one. Throws `error`: in use, no such
    /// address.
    explicit udp_socket(const ip_address& address, const udp_options& options = {});

    /// From now on talks with `peer` only: others are not received. Throws `error`: unreachable.
    void connect(const ip_address& peer);

    /// Sends to the peer it is connected to. Waits while the own queue is full, not for the
    /// receiver. Throws `error`: too large, unreachable.
    datagram_status send(std::span<const std::byte> message, deadline until);

    /// Sends to `to`.
    datagram_status send_to(const ip_address& to, std::span<const std::byte> message,
                            deadline until);

    /// Sends back to who sent `received`, from the address that he sent it to, where that was told.
    /// Does not wait.
    datagram_status answer(const udp_received& received, std::span<const std::byte> message);

    /// The next datagram. Throws `error`.
    udp_received receive(std::span<std::byte> buffer, deadline until);

    /// The same for a connected socket, and faster: says nothing of the sender, or of what was
    /// lost.
    udp_received receive_from_peer(std::span<std::byte> buffer, deadline until);

    /// The beginning of the next datagram, which stays; does not wait.
    udp_received peek(std::span<std::byte> buffer);

    /// While it is on, sockets of the same user with it on may be bound to the same port. A
    /// datagram is received by the one that is connected to its sender, if there is one.
    void set_share_with_user(toggle value);

    /// Receives what is sent to `group`, a multicast address of this socket's version, through the
    /// interface `index`. Throws `error`: no such interface, 20 groups already
    /// (/proc/sys/net/ipv4/igmp_max_memberships).
    void join(const ip_address& group, unsigned index);

    /// Throws `error` where it had not joined.
    void leave(const ip_address& group, unsigned index);

    /// Through which interface multicasts are sent, how many routers they may pass (0 to 255;
    /// default 1: none), and whether this machine receives them, too (default: on; through lo it
    /// always does).
    void set_multicast_interface(unsigned index);
    void set_multicast_hops(int hops);
    void set_multicast_loopback(toggle value);

    /// `on`: may send to broadcast addresses of version 4.
    void set_broadcast(toggle value);

    /// How many bytes may wait to be received, with what the kernel needs to keep them. Setting
    /// returns what it became: at most twice /proc/sys/net/core/rmem_max.
    std::size_t receive_buffer_bytes() const;
    std::size_t set_receive_buffer_bytes(std::size_t bytes);

    /// Throw `error`.
    ip_address local_address() const { return local_address_of(fd()); }

    /// To watch. Valid as long as this object.
    int fd() const noexcept { return socket_.get(); }

private:
    datagram_status send(const void* address, unsigned address_bytes, std::string_view text,
                         std::span<const std::byte> message, deadline until);
    udp_received take(std::span<std::byte> buffer, int flags, deadline until);

    ip_version version_;
    descriptor socket_;
};

}  // namespace signet::os
