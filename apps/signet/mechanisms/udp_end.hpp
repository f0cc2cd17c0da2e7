// SPDX-License-Identifier: Apache-2.0
// An end over UDP. The kernel throws away what a full queue has no room for; so the receiver
// confirms every second message, and a sender waits while four are not confirmed. Used by one
// thread.
#pragma once

#include "mechanism.hpp"

#include <signet/os/udp_socket.hpp>

#include <deque>
#include <vector>

namespace signet::command {

/// A message over UDP with what goes before it fits into a queue of the usual size four times.
inline constexpr std::size_t udp_stream_bytes = 32768;

class udp_end final : public mechanism_end {
public:
    /// Talks with whoever is at `peer`: another socket's address, or a group and its port.
    udp_end(os::udp_socket socket, const os::ip_address& peer);

    void send(std::span<const std::byte> message) override;
    void receive(std::span<std::byte> buffer) override;

private:
    enum class kind : unsigned char { message, confirmation };

    void take_datagram();
    void confirm();

    os::udp_socket socket_;
    os::ip_address peer_;
    std::vector<std::byte> buffer_;
    std::deque<std::vector<std::byte>> waiting_;
    unsigned unconfirmed_ = 0;  // of those sent
    unsigned unanswered_ = 0;   // of those received
};

}  // namespace signet::command
