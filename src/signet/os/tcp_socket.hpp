// SPDX-License-Identifier: Apache-2.0
// A TCP connection: bytes in both directions, in order, to any machine. Reading and writing may run
// in two threads. What is written is on its way, not received: only an answer of the peer tells.
//
// A peer that ends in order, or is killed having read all we sent, is `ended` once everything it
// sent has been read; one that is killed with bytes unread resets the connection (`reset`), and
// what it had sent and we had received is still read first. The first write to a dead peer still
// succeeds; a later one says `reset` or `ended`, without SIGPIPE. A machine that vanishes says
// nothing at all: `set_keep_alive` and `set_user_timeout` find out, which reads and writes then
// throw as `error` (timed_out).
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/ip_address.hpp>
#include <signet/os/socket_io.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <utility>

namespace signet::os {

/// How a silent connection is probed: after `idle` without traffic, every `interval`, and given up
/// after `count` probes without an answer.
struct keep_alive {
    std::chrono::seconds idle{60};
    std::chrono::seconds interval{10};
    int count = 3;
};

class tcp_socket {
public:
    /// Takes over a connected socket.
    explicit tcp_socket(descriptor connected) noexcept : socket_{std::move(connected)} {}

    /// Connects to `to`; from the address `from` where one is given, whose port may be 0. Throws
    /// `error`: refused, unreachable, timed_out when the deadline passes first.
    static tcp_socket connect(const ip_address& to, deadline until,
                              const std::optional<ip_address>& from = std::nullopt);

    /// See stream_io.hpp.
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

    /// Ends one direction. The peer reads what was written, then the end; the other direction goes
    /// on. False where the connection is gone.
    bool end_writing() { return shut_down_writing(fd()); }
    bool end_reading() { return shut_down_reading(fd()); }

    /// `on`: small writes go out at once, without waiting for the answer to those before.
    void set_no_delay(toggle value);

    /// Probes the peer while nothing is said; none: no probes.
    void set_keep_alive(const std::optional<keep_alive>& probes);

    /// Gives up when what was written has not been acknowledged for so long; zero: the kernel's
    /// choice, some 15 minutes. Also gives up a peer that lives, and has not read for so long.
    void set_user_timeout(std::chrono::milliseconds limit);

    /// What is not acknowledged is repeated at least so often (1 to 120 s), so that a network that
    /// is back is noticed sooner, and given up after 15 repetitions; a peer that lives and does not
    /// read is not. False: the kernel is older than Linux 6.15, and repeats ever more seldom.
    bool set_retry_interval_max(std::chrono::milliseconds most);

    /// What closing does: none, the kernel delivers the rest later; zero, the rest is thrown away
    /// and the peer sees `reset`; else closing waits so long for the delivery.
    void set_linger(const std::optional<std::chrono::seconds>& wait);

    /// Throw `error`; the peer's where the connection is gone.
    ip_address local_address() const;
    ip_address peer_address() const;

    /// To watch. Valid as long as this object.
    int fd() const noexcept { return socket_.get(); }

    /// Closes it, as `set_linger` says.
    void close() { socket_.close(); }

private:
    descriptor socket_;
};

}  // namespace signet::os
