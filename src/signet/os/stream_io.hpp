// SPDX-License-Identifier: Apache-2.0
// Bytes through a descriptor, some or all, until a deadline: the one loop that pipes, named pipes,
// TCP and unix stream sockets share. It decides about partial transfers and interruptions, so that
// nobody else has to. Reading and writing may run in two threads; two threads that read, or two
// that write, get the bytes in pieces.
#pragma once

#include <signet/os/waiting_call.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace signet::os {

enum class stream_status {
    moved,      ///< what was asked for: `_some`, at least one byte; `_all`, every byte
    timed_out,  ///< the deadline passed first; what was moved before it stays moved
    ended,      ///< reading: the other side has ended; writing: nobody reads any more
    reset,      ///< the connection broke: the peer died or closed it with bytes unread
};

/// What became of a transfer. `bytes` were moved, whatever the status says.
struct stream_result {
    stream_status status = stream_status::moved;
    std::size_t bytes = 0;

    friend bool operator==(const stream_result&, const stream_result&) = default;
};

/// How one kind of stream moves bytes: once, answering the count or the negative error number,
/// -EAGAIN where it would have to wait and was told not to. Never raises SIGPIPE.
struct stream_calls {
    long (*read)(int fd, std::span<std::byte> buffer, waiting wait) = nullptr;
    long (*write)(int fd, std::span<const std::byte> bytes, waiting wait) = nullptr;
    std::string_view name;  ///< for texts: "pipe"
};

/// Reads at least one byte. A deadline of `deadline::min()` never waits, here and below. Throws
/// `error`, which is neither the end nor a broken connection.
stream_result read_some(const stream_calls& calls, int fd, std::span<std::byte> buffer,
                        deadline until);

/// Fills `buffer`.
stream_result read_all(const stream_calls& calls, int fd, std::span<std::byte> buffer,
                       deadline until);

/// Writes at least one byte. What is written is on its way, not received.
stream_result write_some(const stream_calls& calls, int fd, std::span<const std::byte> bytes,
                         deadline until);

/// Writes all of `bytes`.
stream_result write_all(const stream_calls& calls, int fd, std::span<const std::byte> bytes,
                        deadline until);

}  // namespace signet::os
