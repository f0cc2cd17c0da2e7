// SPDX-License-Identifier: Apache-2.0
// A TCP connection that is being made, so that several can be made at once. One thread; what it was
// given up for is dropped with it.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/ip_address.hpp>
#include <signet/os/tcp_socket.hpp>

#include <optional>

namespace signet::os {

class tcp_attempt {
public:
    /// Begins to connect to `to`, from `from` where it is given. Throws `error` where it is known
    /// at once that this cannot be: refused, unreachable.
    explicit tcp_attempt(const ip_address& to,
                         const std::optional<ip_address>& from = std::nullopt);

    /// Writable when it is decided. Valid as long as this object.
    int fd() const noexcept { return socket_.get(); }

    const ip_address& to() const noexcept { return to_; }

    /// The connection, once it is decided; to be called once. Throws `error`: refused, unreachable,
    /// the kernel gave up.
    tcp_socket finish();

    /// Throws the `error` of one that was waited for in vain (timed_out).
    [[noreturn]] void give_up() const;

private:
    [[noreturn]] void fail_with(long result) const;

    ip_address to_;
    descriptor socket_;
};

}  // namespace signet::os
