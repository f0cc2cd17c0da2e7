// SPDX-License-Identifier: Apache-2.0
// Channels over named pipes: `fifo:///path`, for one user on one machine (mode 0600), and for
// shells. docs/channels.md says which names there are and what they mean.
//
// With framing::messages the listener reads a named pipe at the path. Who connects makes a pair of
// its own beside it, <path>.<number>.in and .out, writes that number to the path, and removes the
// names when the listener has opened both: fifo_meeting.hpp.
//
// With framing::lines and framing::bytes, where the other end may be a shell, there are <path>.in,
// which the listener reads, and <path>.out, which it writes, and one conversation at a time:
// fifo_listener.hpp.
#pragma once

#include <signet/transport/carrier.hpp>

namespace signet::transport::fifo {

const carrier& the_carrier() noexcept;

}  // namespace signet::transport::fifo
