// SPDX-License-Identifier: Apache-2.0
// What sockets of all families have in common. Whether a call waits is said call by call
// (MSG_DONTWAIT), nothing raises SIGPIPE, and all sockets are closed by exec. Functions without
// state; any thread.
#pragma once

#include <signet/os/descriptor.hpp>
#include <signet/os/stream_io.hpp>

#include <optional>
#include <string_view>

namespace signet::os {

enum class toggle { off, on };

/// For connected stream sockets.
extern const stream_calls socket_calls;

/// Creates a socket by the kernel's numbers. Throws `error` at the limit of open files, and where
/// the kernel has no such family.
descriptor create_socket(int family, int type);

/// Sets an option that is a number. `what` is for the text: "set the time to live". Throws `error`.
void set_socket_option(int socket, int level, int option, int value, std::string_view what);

/// Asks for one. Throws `error`.
int socket_option(int socket, int level, int option, std::string_view what);

/// Makes calls that do not say otherwise wait, or not. Throws `error`.
void set_blocking(int socket, toggle blocking);

/// The next connection of a listening socket that does not block; no value where none waits. Throws
/// `error` at the limit of open files; the peer then goes on waiting.
std::optional<descriptor> try_accept_connection(int listener);

/// Says that no more will be written: the peer reads what was written, then the end. False where
/// the connection is gone already.
bool shut_down_writing(int socket);

/// Says that no more will be read.
bool shut_down_reading(int socket);

}  // namespace signet::os
