// SPDX-License-Identifier: Apache-2.0
// A connected unix socket with message boundaries (SOCK_SEQPACKET), which carries descriptors and
// tells who is at the other end by the kernel's word. Sending and receiving may run in two threads.
// A peer's death shows as hang-up in an epoll set, and as `closed` once all it sent has been read.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/unix_connection.hpp>
#include <signet/os/unix_message.hpp>
#include <signet/os/unix_peer.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace signet::os {

class seqpacket_socket {
public:
    /// Takes over a connected socket.
    explicit seqpacket_socket(descriptor connected) noexcept : socket_{std::move(connected)} {}

    /// Connects to the listener bound at `name` in `place`. No value where nobody listens there: no
    /// such name, or its owner is dead. Blocks while the listener's backlog is full; throws `error`
    /// (timed_out) when the deadline passes, and for every other failure.
    static std::optional<seqpacket_socket> connect(const directory& place, std::string_view name,
                                                   deadline until);

    /// The same for an address, which may be abstract; then look at the peer's credentials.
    static std::optional<seqpacket_socket> connect(const unix_address& address, deadline until);

    /// Two sockets connected with each other. Throws `error` at the limit of open files.
    static std::pair<seqpacket_socket, seqpacket_socket> pair();

    /// See `try_send_message`.
    send_result try_send(std::span<const std::byte> message,
                         std::span<const int> descriptors = {}) {
        return try_send_message(socket_, message, descriptors);
    }

    /// See `try_receive_message`. By default no descriptor is taken.
    receive_result try_receive(std::span<std::byte> buffer, std::size_t descriptors_max = 0) {
        return try_receive_message(socket_, buffer, descriptors_max);
    }

    /// Throws `error`.
    peer_credentials credentials() const { return credentials_of_peer(fd()); }

    /// A handle of the peer's process, good across pid namespaces. No value where the kernel cannot
    /// give one: before Linux 6.5, or the peer is gone. Throws `error` at the limit of open files.
    std::optional<descriptor> peer_pidfd() const { return pidfd_of_peer(fd()); }

    /// Makes the kernel refuse descriptors that the peer tries to send. False before Linux 6.16,
    /// where `try_receive` drops them.
    bool refuse_descriptors() { return os::refuse_descriptors(fd()); }

    /// Ends both directions for every holder of this socket; the peer sees the end. Throws `error`
    /// where it is not connected.
    void shutdown();

    /// To watch. Valid as long as this object.
    int fd() const noexcept { return socket_.get(); }

private:
    descriptor socket_;
};

}  // namespace signet::os
