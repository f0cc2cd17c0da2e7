// SPDX-License-Identifier: Apache-2.0
// A name in a directory at which others connect. It may be renamed and hard-linked while it
// listens. The name outlives the listener, even a killed one; who connects to it is then told that
// nobody listens, and may remove it. Any thread may accept.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/unix_socket.hpp>

#include <optional>
#include <string_view>

namespace signet::os {

class seqpacket_listener {
public:
    /// Only processes of the same uid may connect.
    static constexpr unsigned private_mode = unix_private_mode;
    static constexpr int backlog_default = unix_backlog;

    /// Binds at `name` in `place`, which must be free, with exactly `mode`, and listens with room
    /// for `backlog` peers not yet accepted. Where listening fails, the name is removed again.
    /// Throws `error`.
    seqpacket_listener(const directory& place, std::string_view name, unsigned mode = private_mode,
                       int backlog = backlog_default);

    /// The same at an abstract address, which has no mode: look at each peer's credentials.
    explicit seqpacket_listener(const unix_address& abstract, int backlog = backlog_default);

    /// The next peer; no value where none waits. Does not block. Throws `error` at the limit of
    /// open files; the peer then goes on waiting, and so does the descriptor stay readable.
    std::optional<seqpacket_socket> try_accept();

    /// To watch. Valid as long as this object.
    int fd() const noexcept { return socket_.get(); }

private:
    descriptor socket_;
};

}  // namespace signet::os
