// SPDX-License-Identifier: Apache-2.0
// A unix stream socket: bytes in both directions between processes of one machine, with open
// descriptors beside them, and the kernel's word on who is at the other end. Reading and writing
// may run in two threads; any thread may accept.
//
// What a peer sent is read before its end, however it ended. One that closed or was killed with
// bytes of ours unread is then `reset`, else `ended`. A killed listener leaves its name; who
// connects is told that nobody listens, and may remove it. An abstract name is gone.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/ancillary.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/socket_io.hpp>
#include <signet/os/unix_connection.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::os {

struct unix_stream_received {
    stream_status status = stream_status::moved;
    std::size_t bytes = 0;
    bool descriptors_lost = false;  ///< more descriptors than allowed, or our table is full
    std::vector<descriptor> descriptors{};
};

class unix_stream_socket {
public:
    /// Takes over a connected socket.
    explicit unix_stream_socket(descriptor connected) noexcept : socket_{std::move(connected)} {}

    /// Connects to the listener bound at `name` in `place`. No value where nobody listens there: no
    /// such name, or its owner is dead. Waits while the listener's backlog is full; throws `error`
    /// (timed_out) when the deadline passes, and for every other failure.
    static std::optional<unix_stream_socket> connect(const directory& place, std::string_view name,
                                                     deadline until);

    /// The same for an address, which may be abstract; then look at the peer's credentials.
    static std::optional<unix_stream_socket> connect(const unix_address& address, deadline until);

    /// Two sockets connected with each other. Throws `error` at the limit of open files.
    static std::pair<unix_stream_socket, unix_stream_socket> pair();

    /// See stream_io.hpp. Descriptors that come with bytes read so are closed.
    stream_result read_some(std::span<std::byte> buffer, deadline until) {
        return os::read_some(socket_calls, fd(), buffer, until);
    }
    stream_result read_all(std::span<std::byte> buffer, deadline until) {
        return os::read_all(socket_calls, fd(), buffer, until);
    }
    stream_result write_some(std::span<const std::byte> bytes, deadline until) {
        return os::write_some(socket_calls, fd(), bytes, until);
    }
    stream_result write_all(std::span<const std::byte> bytes, deadline until) {
        return os::write_all(socket_calls, fd(), bytes, until);
    }

    /// Writes all of `bytes`, of which there is one at least (contract_violation), with duplicates
    /// of `descriptors` beside the first; they are sent if `bytes` of the result is not 0. Throws
    /// `error`: the peer refuses descriptors, or has too many to receive already.
    stream_result send(std::span<const std::byte> bytes, std::span<const int> descriptors,
                       deadline until);

    /// Reads some, and at most `descriptors_max` descriptors that came beside one of these bytes; a
    /// read goes no further than the bytes that have some. Those beyond are closed.
    unix_stream_received receive(std::span<std::byte> buffer, std::size_t descriptors_max,
                                 deadline until);

    /// Ends one direction; the peer reads what was written, then the end. False where the
    /// connection is gone.
    bool end_writing() { return shut_down_writing(fd()); }
    bool end_reading() { return shut_down_reading(fd()); }

    /// See unix_peer.hpp.
    peer_credentials credentials() const { return credentials_of_peer(fd()); }
    std::optional<descriptor> peer_pidfd() const { return pidfd_of_peer(fd()); }
    bool refuse_descriptors() { return os::refuse_descriptors(fd()); }

    /// To watch. Valid as long as this object.
    int fd() const noexcept { return socket_.get(); }

private:
    descriptor socket_;
};

class unix_stream_listener {
public:
    /// Binds at `name` in `place`, which must be free, with exactly `mode`, and listens. Throws
    /// `error`; no name is left then.
    unix_stream_listener(const directory& place, std::string_view name,
                         unsigned mode = unix_private_mode, int backlog = unix_backlog)
        : socket_{listen_unix(unix_type::stream, place, name, mode, backlog)} {}

    /// The same at an abstract address, which has no mode: look at each peer's credentials.
    explicit unix_stream_listener(const unix_address& abstract, int backlog = unix_backlog)
        : socket_{listen_unix(unix_type::stream, abstract, backlog)} {}

    /// The next peer; no value when the deadline passes first. Throws `error` at the limit of open
    /// files; the peer then goes on waiting.
    std::optional<unix_stream_socket> accept(deadline until);

    /// To watch. Valid as long as this object.
    int fd() const noexcept { return socket_.get(); }

private:
    descriptor socket_;
};

}  // namespace signet::os
