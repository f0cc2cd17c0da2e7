// SPDX-License-Identifier: Apache-2.0
#include "udp_end.hpp"

#include <signet/error.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace signet::command {
namespace {

constexpr unsigned window = 4;
constexpr unsigned confirmed_at_once = window / 2;

void require_sent(os::datagram_status status) {
    if (status == os::datagram_status::moved) return;
    throw error{errc::peer_died, "exchange datagrams", {}, "the other process has ended"};
}

}  // namespace

udp_end::udp_end(os::udp_socket socket, const os::ip_address& peer)
    : socket_{std::move(socket)}, peer_{peer}, buffer_(os::udp_bytes_max(os::ip_version::v4)) {}

void udp_end::send(std::span<const std::byte> message) {
    while (unconfirmed_ >= window) take_datagram();
    std::vector<std::byte> datagram{static_cast<std::byte>(kind::message)};
    datagram.insert(datagram.end(), message.begin(), message.end());
    require_sent(socket_.send_to(peer_, datagram, never));
    ++unconfirmed_;
}

void udp_end::receive(std::span<std::byte> buffer) {
    while (waiting_.empty()) take_datagram();
    const std::vector<std::byte> message = std::move(waiting_.front());
    waiting_.pop_front();
    if (message.size() != buffer.size()) {
        throw error{errc::peer_misbehaved, "receive a datagram", {}, "it has another size"};
    }
    std::copy(message.begin(), message.end(), buffer.begin());
}

void udp_end::take_datagram() {
    const os::udp_received got = socket_.receive(buffer_, never);
    require_sent(got.status);
    if (got.bytes == 0) return;
    if (buffer_.front() == static_cast<std::byte>(kind::confirmation)) {
        unconfirmed_ -= std::min(unconfirmed_, confirmed_at_once);
        return;
    }
    waiting_.emplace_back(buffer_.begin() + 1, buffer_.begin() + static_cast<long>(got.bytes));
    confirm();
}

void udp_end::confirm() {
    if (++unanswered_ < confirmed_at_once) return;
    unanswered_ = 0;
    require_sent(
        socket_.send_to(peer_, std::array{static_cast<std::byte>(kind::confirmation)}, never));
}

}  // namespace signet::command
