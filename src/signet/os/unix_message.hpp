// SPDX-License-Identifier: Apache-2.0
// One message on a connected seqpacket socket: bytes, and open descriptors beside them. Nothing
// here waits, whatever the flags of the socket say. Sending and receiving may run in two threads;
// two senders' messages do not mix.
#pragma once

#include <signet/os/ancillary.hpp>
#include <signet/os/descriptor.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace signet::os {

enum class send_result {
    sent,    ///< the message is in the peer's queue, not yet read
    full,    ///< the peer does not keep up; wait until the socket is writable
    closed,  ///< the peer is gone, or does not read any more
};

enum class receive_status {
    message,  ///< one message
    empty,    ///< none yet
    closed,   ///< the peer is gone, and everything it had sent has been read
};

struct receive_result {
    receive_status status = receive_status::empty;
    std::size_t bytes = 0;          ///< how much of the buffer was filled
    bool truncated = false;         ///< the message was longer than the buffer; the rest is lost
    bool descriptors_lost = false;  ///< more descriptors than allowed, or our table is full
    std::vector<descriptor> descriptors;
};

/// Sends `message`, which is not empty (contract_violation: the peer would take it for the end),
/// with duplicates of at most `message_descriptors_max` descriptors. All of it is sent, or nothing.
/// Throws `error`: too large, the peer refuses descriptors, out of memory.
send_result try_send_message(const descriptor& socket, std::span<const std::byte> message,
                             std::span<const int> descriptors);

/// How large a message, seqpacket or datagram, a new socket sends on this machine
/// (/proc/sys/net/core/wmem_default, less what the kernel keeps for itself).
std::size_t unix_message_bytes_max();

/// What helps against the error number `-result` of sending a unix message.
std::string_view advice_for_sending(long result);

/// Takes the next message into `buffer`. Descriptors are owned by the result from the first moment;
/// those beyond `descriptors_max` are closed. Throws `error`.
receive_result try_receive_message(const descriptor& socket, std::span<std::byte> buffer,
                                   std::size_t descriptors_max);

}  // namespace signet::os
