// SPDX-License-Identifier: Apache-2.0
// How unix sockets of all types are bound, listened on and connected. A name that was bound
// outlives its socket, even a killed one's; an abstract name does not. Functions without state; any
// thread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/directory.hpp>
#include <signet/os/unix_address.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace signet::os {

/// How long calls that wait for the peer, to connect or to send, wait from now on.
void limit_send_time(int socket, deadline until);

enum class unix_type { stream, datagram, seqpacket };

/// A name's mode by which only processes of the same uid may connect.
inline constexpr unsigned unix_private_mode = 0600;

/// How many peers may wait to be accepted.
inline constexpr int unix_backlog = 128;

/// Connects to the listener at `address`. No value where nobody listens there: no such name, or its
/// owner is dead. Blocks while the listener's backlog is full; throws `error` (timed_out) when the
/// deadline passes, and for every other failure.
std::optional<descriptor> connect_unix(unix_type type, const unix_address& address, deadline until);

/// Two sockets connected with each other. Throws `error` at the limit of open files.
std::pair<descriptor, descriptor> create_unix_pair(unix_type type);

/// A socket that has the name `name` in `place`, which must be free, with exactly `mode`. Throws
/// `error`; no name is left then.
descriptor bind_unix(unix_type type, const directory& place, std::string_view name, unsigned mode);

/// A socket that has an abstract name. Throws `error`: taken.
descriptor bind_unix(unix_type type, const unix_address& abstract);

/// The same two, listening, without blocking; with room for `backlog` peers not yet accepted.
descriptor listen_unix(unix_type type, const directory& place, std::string_view name, unsigned mode,
                       int backlog);
descriptor listen_unix(unix_type type, const unix_address& abstract, int backlog);

}  // namespace signet::os
