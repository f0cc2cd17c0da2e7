// SPDX-License-Identifier: Apache-2.0
// A conversation over UDP with a program that knows nothing of Signet: `nc -u`, socat. Each
// datagram is a line or some, or bytes; an empty one says that no more will come, as socat's
// null-eof has it. Nothing proves where a datagram came from, none has a number, and what is lost
// is not told.
#pragma once

#include <signet/os/epoll.hpp>
#include <signet/os/event.hpp>
#include <signet/transport/udp/datagram_end.hpp>

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace signet::transport::udp {

class plain_udp_end final : public datagram_end {
public:
    /// `first`: datagrams of the peer that are here already.
    plain_udp_end(os::udp_socket socket, const os::ip_address& peer, std::string name,
                  const channel_options& options, std::deque<std::vector<std::byte>> first = {});
    ~plain_udp_end() override { say_bye(); }

    int fd() override;

private:
    bool take(std::span<const std::byte> datagram, bool truncated, incoming& into) override;
    bool take_rest(incoming& into) override;
    bool has_rest() const noexcept override { return !rest_.empty() || !first_.empty(); }
    bool take_part(incoming& into);
    void write(const outgoing& message) override;
    bool is_message(std::span<const std::byte> beginning) const override;
    void say_end(bool closing) override;

    std::deque<std::vector<std::byte>> first_;
    std::vector<std::byte> current_;   ///< the one of those that is being taken
    std::span<const std::byte> rest_;  ///< of a datagram: lines that were not taken
    bool said_end_ = false;
    std::optional<os::event> bell_;  ///< rung while there are some of `first_`
    std::optional<os::epoll> set_;   ///< what fd() is then
};

}  // namespace signet::transport::udp
