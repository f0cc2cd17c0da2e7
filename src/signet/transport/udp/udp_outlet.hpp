// SPDX-License-Identifier: Apache-2.0
// The user's publisher at a group: sends each message to all who listen, whoever they are, and says
// from time to time, and when asked, who it is and what it publishes. One reader stands for all of
// them; what the network does not take at once is lost as the ring goes on.
//
// Thread safety: made by the user's thread; then the relay thread's.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/udp_socket.hpp>
#include <signet/transport/topic_carrier.hpp>
#include <signet/transport/udp/udp_group.hpp>
#include <signet/transport/udp/udp_topic_frame.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace signet::transport::udp {

class udp_outlet final : public topic_relay {
public:
    /// Announces itself. Throws `error` where that does not get away.
    udp_outlet(udp_group to, local_publisher& from);

    state work(relay_waits& waits) override;

    /// Sends what was published before, and the end.
    state finish(relay_waits& waits) override;

private:
    enum class step { idle, blocked, more };

    void begin(relay_waits& waits);
    void hear();
    void announce_when_due();
    void announce();
    step talk();
    bool send_piece();
    bool transmit(std::span<const std::byte> datagram);
    void settle(relay_waits& waits, step became);
    void say_end();

    udp_group group_;
    os::udp_socket socket_;
    os::epoll room_;  ///< readable while there is room to send
    local_publisher* from_;
    announcement about_;
    std::uint64_t next_ = 0;  ///< number of the next message
    deadline announce_at_;
    deadline announced_at_{};
    std::unique_ptr<topic_reader> reader_;
    const relayed_message* message_ = nullptr;  ///< being sent
    std::size_t offset_ = 0;                    ///< of its next piece
    std::vector<std::byte> datagram_;
    std::optional<wait_key> reading_;
    std::optional<wait_key> writing_;
    step last_ = step::idle;
};

}  // namespace signet::transport::udp
