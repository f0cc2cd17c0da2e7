// SPDX-License-Identifier: Apache-2.0
// A unix datagram socket: whole messages between processes of one machine, any to any, in order,
// none lost, with the sender's address, its credentials by the kernel's word, and open descriptors
// beside. Where the receiver's queue is full the sender waits. Receiving may run beside sending;
// sending is one thread's at a time.
//
// A killed receiver leaves its name and loses what it had not received; who sends there is told
// that nobody is there, and may remove the name. A killed sender leaves what it had sent, and its
// name. An abstract name is gone with its socket.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/ancillary.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/unix_connection.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::os {

enum class unix_datagram_status {
    moved,      ///< it lies in the receiver's queue; or one was received
    timed_out,  ///< the deadline passed first: the queue was full, or empty
    nobody,     ///< no such name, or its owner is dead; what a pair's other end: closed
};

struct unix_datagram_received {
    unix_datagram_status status = unix_datagram_status::moved;
    std::size_t bytes = 0;          ///< how much of the buffer was filled; it may be an empty one
    bool truncated = false;         ///< it was longer than the buffer; the rest is lost
    bool descriptors_lost = false;  ///< more descriptors than allowed, or our table is full
    std::vector<descriptor> descriptors{};
    std::optional<unix_address> sender{};           ///< none: the sender is not bound
    std::optional<peer_credentials> credentials{};  ///< at the moment it was sent
};

/// How many messages a receiver's queue holds (/proc/sys/net/unix/max_dgram_qlen, and one).
std::size_t unix_datagram_queue_max();

class unix_datagram_socket {
public:
    /// Without a name: it can send, and nobody can answer. Throws `error`.
    unix_datagram_socket();

    /// Binds at `name` in `place`, which must be free, with exactly `mode`. Throws `error`.
    unix_datagram_socket(const directory& place, std::string_view name,
                         unsigned mode = unix_private_mode);

    /// Binds at an abstract address, which has no mode: look at each message's credentials.
    explicit unix_datagram_socket(const unix_address& abstract);

    /// Two sockets connected with each other: they `send`. The end of one is told to the other
    /// where it sends, not where it receives. Throws `error`.
    static std::pair<unix_datagram_socket, unix_datagram_socket> pair();

    /// Sends `message`, which may be empty, to the socket bound at `to`, with duplicates of
    /// `descriptors`; waits for room in its queue. An answer to a sender goes to its name in the
    /// directory both know. Throws `error`: too large, no rights, descriptors refused.
    unix_datagram_status send_to(const unix_address& to, std::span<const std::byte> message,
                                 deadline until, std::span<const int> descriptors = {});

    /// The same to the other end of a pair.
    unix_datagram_status send(std::span<const std::byte> message, deadline until,
                              std::span<const int> descriptors = {});

    /// The next message. By default no descriptor is taken; those beyond `descriptors_max` are
    /// closed. Throws `error`.
    unix_datagram_received receive(std::span<std::byte> buffer, deadline until,
                                   std::size_t descriptors_max = 0);

    /// See unix_peer.hpp.
    bool refuse_descriptors() { return os::refuse_descriptors(fd()); }

    /// To watch: readable says that there is a message; writable does not say that a receiver has
    /// room. Valid as long as this object.
    int fd() const noexcept { return socket_.get(); }

private:
    explicit unix_datagram_socket(descriptor socket) noexcept : socket_{std::move(socket)} {}

    unix_datagram_status send_message(const unix_address* to, std::span<const std::byte> message,
                                      deadline until, std::span<const int> descriptors);

    descriptor socket_;
};

}  // namespace signet::os
