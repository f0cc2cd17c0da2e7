// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/datagram_end.hpp>

#include <signet/base/error.hpp>
#include <signet/os/coarse_clock.hpp>
#include <signet/os/poll.hpp>
#include <signet/transport/channel_watch.hpp>
#include <signet/transport/udp/udp_frame.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace signet::transport::udp {
namespace {

/// How often one that only sends looks whether the peer said that it takes no more.
constexpr std::chrono::milliseconds look_interval{5};

bool waits_without_stop(const patience& limit) {
    return !limit.stop.stop_possible();
}

}  // namespace

void check_options(const channel_options& options, const std::string& name) {
    if (options.message_bytes_max != 0) return;
    throw error{errc::bad_option, "open channel", name, "message_bytes_max is at least 1"};
}

void refuse_groups(const std::vector<os::ip_address>& targets, const std::string& name) {
    for (const auto& one : targets) {
        if (!one.is_multicast()) continue;
        throw error{errc::unsupported, "open channel", name,
                    "a conversation has two ends, and this is the address of a group"};
    }
}

os::udp_socket socket_to(const os::ip_address& peer, const channel_options& options) {
    os::udp_socket socket{os::ip_address::any(peer.version()), {.reach = os::v6_reach::also_v4}};
    socket.connect(peer);
    socket.set_receive_buffer_bytes(options.buffer_bytes);
    return socket;
}

std::string shown(const os::ip_address& address) {
    constexpr std::string_view mapped = "::ffff:";
    const std::string host = address.host_text();
    const bool plain = host.starts_with(mapped) && host.find('.') != std::string::npos;
    if (!plain) return address.text();
    return host.substr(mapped.size()) + ':' + std::to_string(address.port());
}

datagram_end::datagram_end(os::udp_socket socket, const os::ip_address& peer, std::string name,
                           const channel_options& options)
    : socket_{std::move(socket)},
      peer_{peer},
      name_{std::move(name)},
      options_{options},
      send_bytes_max_{std::min<std::uint64_t>(options.message_bytes_max, message_bytes_most)},
      // Longer ones are truncated, and so seen to be too long.
      input_(std::min<std::uint64_t>(options.message_bytes_max, datagram_bytes_max) +
             datagram_header::bytes) {}

void datagram_end::complain(errc code, const std::string& why) const {
    throw error{code, "use channel", name_, why};
}

bool datagram_end::ignore() noexcept {
    ++ignored_;
    return false;
}

void datagram_end::limit_sent(std::uint64_t message_bytes) {
    send_bytes_max_ = std::min(send_bytes_max_, message_bytes);
}

channel_losses datagram_end::losses() const {
    const std::lock_guard locked{receiving_};
    return {lost(), ignored_};
}

bool datagram_end::is_closed() const noexcept {
    return closed_.load(std::memory_order_acquire);  // SYNC udp closed
}

void datagram_end::note_closed() {
    if (closed_.exchange(true, std::memory_order_release)) return;  // SYNC udp closed
    os::shut_down_reading(socket_.fd());
}

// Connected to itself it is nobody's any more.
void datagram_end::leave_peer() {
    over_ = true;
    note_closed();
    socket_.connect(socket_.local_address());
}

// ---- receiving ----------------------------------------------------------------------------------

flow datagram_end::receive(incoming& into, const patience& limit) {
    into.bytes = {};
    into.descriptors.clear();
    const std::lock_guard locked{receiving_};
    require_well();
    if (take_rest(into)) return flow::done;
    while (const auto got = next(limit)) {
        const std::span<const std::byte> datagram{input_.data(), got->bytes};
        if (!take(datagram, got->truncated, into)) continue;
        heard_.store(true, std::memory_order_relaxed);  // relaxed: saves a look, and no more
        return flow::done;
    }
    return over_ || is_closed() ? flow::ended : flow::timed_out;
}

// None: the patience ended, or there is nothing more to come.
std::optional<os::udp_received> datagram_end::next(const patience& limit) {
    const bool plain = waits_without_stop(limit);
    for (;;) {
        const bool last = over_ || is_closed();
        const auto got =
            socket_.receive_from_peer(input_, last || !plain ? deadline::min() : limit.until);
        if (got.status == os::datagram_status::refused) note_closed();
        // Nothing is what a closed one is woken by, too.
        const bool woken = got.bytes == 0 && !last && is_closed();
        if (got.status == os::datagram_status::moved && !woken) return got;
        if (got.status != os::datagram_status::timed_out) continue;
        if (last || plain) return std::nullopt;
        if (!wait_patiently(socket_.fd(), os::readiness::readable, limit, receive_stop_))
            return std::nullopt;
    }
}

// ---- sending ------------------------------------------------------------------------------------

void datagram_end::check_sendable(const outgoing& message) const {
    std::uint64_t bytes = 0;
    for (const auto part : message.parts) bytes += part.size();
    if (bytes > send_bytes_max_) {
        throw error{errc::too_large, "send on channel", name_,
                    "the message has " + std::to_string(bytes) + " bytes; the most is " +
                        std::to_string(send_bytes_max_) +
                        (send_bytes_max_ == message_bytes_most ? ", in a datagram" : "")};
    }
    if (message.descriptors.empty()) return;
    throw error{errc::unsupported, "send on channel", name_,
                "descriptors do not leave this machine; unix:// passes them"};
}

flow datagram_end::send(const outgoing& message, const patience& limit) {
    check_sendable(message);
    if (ended_) throw contract_violation{"send on channel '" + name_ + "' after its end was said"};
    require_well();
    look_for_end();
    if (is_closed()) return flow::ended;
    write(message);
    return transmit_patiently(limit);
}

flow datagram_end::transmit_patiently(const patience& limit) {
    const bool plain = waits_without_stop(limit);
    for (;;) {
        const auto sent = socket_.send(output_, plain ? limit.until : deadline::min());
        if (sent == os::datagram_status::moved) {
            ++sent_;
            return flow::done;
        }
        if (sent == os::datagram_status::refused) {
            note_closed();
            return flow::ended;
        }
        if (plain || !wait_patiently(socket_.fd(), os::readiness::writable, limit, send_stop_))
            return flow::timed_out;
    }
}

// Who receives, too, hears of an end there.
void datagram_end::look_for_end() {
    // relaxed: as where it is set
    if (heard_.load(std::memory_order_relaxed)) {
        heard_.store(false, std::memory_order_relaxed);  // relaxed: likewise
        return;
    }
    const auto now = os::coarse_now();
    if (now - looked_ < look_interval) return;
    looked_ = now;
    const std::unique_lock locked{receiving_, std::try_to_lock};
    if (!locked) return;
    std::array<std::byte, 1024> beginning;
    incoming none;
    for (int i = 0; i < last_words_repeated; ++i) {
        const auto first = socket_.peek(beginning);
        if (first.status == os::datagram_status::refused) return note_closed();
        if (first.status != os::datagram_status::moved) return;
        if (is_message(std::span{beginning}.first(first.bytes))) return;
        const auto got = socket_.receive_from_peer(beginning, deadline::min());
        if (got.status != os::datagram_status::moved) return;
        take(std::span{beginning}.first(got.bytes), got.truncated, none);
    }
}

void datagram_end::transmit(std::span<const std::byte> datagram) {
    try {
        if (socket_.send(datagram, deadline::min()) == os::datagram_status::refused) note_closed();
    } catch (const error&) {
        // It is lost, as any may be.
    }
}

flow datagram_end::flush(const patience&) {
    return is_closed() ? flow::ended : flow::done;
}

void datagram_end::end_sending(const patience&) {
    if (std::exchange(ended_, true)) return;
    say_end(false);
}

void datagram_end::say_bye() noexcept {
    if (!here_.still() || is_closed()) return;
    try {
        say_end(true);
    } catch (const std::exception&) {
        // The network is down: nobody is to be told.
    }
}

// ---- waiting ------------------------------------------------------------------------------------

bool datagram_end::ready(direction which) {
    if (which == direction::sending) return os::wait_writable(socket_.fd(), deadline::min());
    const std::unique_lock locked{receiving_, std::try_to_lock};
    if (!locked) return false;  // another thread is at it
    return has_rest() || over_ || is_closed() || os::wait_readable(socket_.fd(), deadline::min());
}

std::unique_ptr<waitable> datagram_end::watch(std::shared_ptr<channel_end> self, direction which) {
    if (which == direction::receiving) return watch_readable(std::move(self), fd());
    return watch_writable(std::move(self), socket_.fd());
}

}  // namespace signet::transport::udp
