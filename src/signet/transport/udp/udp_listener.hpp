// SPDX-License-Identifier: Apache-2.0
// A port at which conversations over UDP are accepted. Each accepted one gets a socket of its own
// at the same port, connected to its peer, so that the kernel keeps the conversations apart and
// each has its own queue. Nothing is kept of anybody before he has proved, by a cookie, that he
// receives what is sent to his address; and he gets no more bytes than he sent. One thread.
//
// The port is shared with the sockets of conversations while one is being made, and with sockets of
// the same user only. What the new socket receives before it is connected is handed to who it is
// for.
#pragma once

#include <signet/os/epoll.hpp>
#include <signet/os/event.hpp>
#include <signet/os/udp_socket.hpp>
#include <signet/transport/channel.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/transport/tcp/tcp_name.hpp>
#include <signet/transport/udp/udp_cookie.hpp>
#include <signet/transport/udp/udp_frame.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signet::transport::udp {

class udp_listener final : public channel_listener {
public:
    /// Throws `error`: taken, not an address of this machine, no rights.
    udp_listener(const tcp::tcp_name& at, const channel_types& types,
                 const channel_options& options);

    std::unique_ptr<channel_end> accept(const patience& limit) override;
    std::string address() const override { return text_; }
    int fd() override { return set_.fd(); }

private:
    /// A datagram that was sent to this port.
    struct caller {
        os::ip_address peer;
        os::udp_received how;
        std::vector<std::byte> bytes;
    };

    std::optional<caller> next();
    std::optional<caller> next_of(os::udp_socket& socket, const os::ip_address& here);
    void keep_stray(caller stray);
    std::deque<caller> take_strays_of(const os::ip_address& peer);
    std::unique_ptr<channel_end> look();
    std::unique_ptr<channel_end> consider(caller& from);
    std::unique_ptr<channel_end> consider_hello(const caller& from, const datagram_header& header);
    std::unique_ptr<channel_end> meet(const caller& from, const datagram_header& header);
    std::unique_ptr<channel_end> meet_plainly(caller& from);
    bool is_known(std::uint64_t conversation) const;
    os::udp_socket socket_for(const caller& from);
    void sort_out(os::udp_socket& from, const caller& other, std::deque<caller>& theirs);
    void answer(const caller& to, const datagram_header& header);

    os::udp_socket socket_;
    os::ip_address here_;
    std::string text_;
    channel_types types_;
    channel_options options_;
    std::shared_ptr<const cookie_jar> jar_ = std::make_shared<const cookie_jar>();
    std::vector<std::byte> buffer_;
    std::deque<caller> strays_;  ///< that were received for us by another socket
    std::deque<std::uint64_t> known_;
    os::event stray_bell_;
    os::epoll set_;
    stop_bell bell_;
};

}  // namespace signet::transport::udp
