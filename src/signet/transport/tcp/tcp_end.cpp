// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tcp/tcp_end.hpp>

#include <signet/base/error.hpp>
#include <signet/transport/tcp/tcp_race.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace signet::transport::tcp {
namespace {

// One of v4 that came through a socket of v6 is shown as what it is.
std::string shown(const os::ip_address& address) {
    constexpr std::string_view mapped = "::ffff:";
    const std::string host = address.host_text();
    const bool plain = host.starts_with(mapped) && host.find('.') != std::string::npos;
    if (!plain) return address.text();
    return host.substr(mapped.size()) + ':' + std::to_string(address.port());
}

// A peer that is gone already has no address any more.
std::string peer_of(const os::tcp_socket& socket) {
    try {
        return shown(socket.peer_address());
    } catch (const error&) {
        return {};
    }
}

void tune(os::tcp_socket& socket) {
    socket.set_no_delay(os::toggle::on);
    socket.set_keep_alive(probes);
    socket.set_retry_interval_max(repeated_within);
}

// What the kernel says of a connection whose packets are not answered.
bool tells_cut(const std::error_code& code) {
    constexpr std::array cuts{std::errc::timed_out, std::errc::host_unreachable,
                              std::errc::network_unreachable, std::errc::network_down,
                              std::errc::connection_refused};
    return std::any_of(cuts.begin(), cuts.end(), [&](std::errc one) { return code == one; });
}

[[noreturn]] void complain_of_cut(const std::string& peer) {
    throw error{errc::peer_died, "use connection to", peer,
                "the peer answers no more: its machine or the network between is down"};
}

// The first address that can be had; v4 alone where there is no v6.
os::tcp_listener listen_at_first(const std::vector<os::ip_address>& places, bool any,
                                 name_use use) {
    const os::tcp_listener_options options{
        .reuse_port = use == name_use::shared ? os::toggle::on : os::toggle::off,
        .reach = any ? os::v6_reach::also_v4 : os::v6_reach::only_v6};
    for (std::size_t i = 0; i + 1 < places.size(); ++i) {
        try {
            return os::tcp_listener{places[i], options};
        } catch (const error& why) {
            const bool absent = why.code() == std::errc::address_not_available ||
                                why.code() == std::errc::address_family_not_supported;
            if (!absent) throw;
        }
    }
    return os::tcp_listener{places.back(), options};
}

}  // namespace

tcp_end::tcp_end(os::tcp_socket connected)
    : socket_{std::move(connected)}, peer_{peer_of(socket_)} {
    tune(socket_);
}

std::unique_ptr<tcp_end> tcp_end::connect(const tcp_name& to, deadline until) {
    return std::make_unique<tcp_end>(connect_to_first(to.text(), to.targets(until), until));
}

// The kernel tells of the cut once, to who reads or to who writes; what was received before is read
// first.
template <class Move>
os::stream_result tcp_end::move(Move one) {
    os::stream_result result;
    try {
        result = one();
    } catch (const error& why) {
        if (!tells_cut(why.code())) throw;
        cut_.store(true, std::memory_order_relaxed);  // relaxed: says nothing of anything else
        complain_of_cut(peer_);
    }
    const bool over =
        result.status == os::stream_status::ended || result.status == os::stream_status::reset;
    // relaxed: as above
    if (over && cut_.load(std::memory_order_relaxed)) complain_of_cut(peer_);
    return result;
}

os::stream_result tcp_end::read_some(std::span<std::byte> buffer, deadline until) {
    return move([&] { return socket_.read_some(buffer, until); });
}

os::stream_result tcp_end::write_some(std::span<const std::byte> bytes, deadline until) {
    return move([&] { return socket_.write_some(bytes, until); });
}

tcp_door::tcp_door(const tcp_name& at, const channel_options& options)
    : listener_{listen_at_first(at.places(after(options.handshake_limit)), at.is_any(),
                                options.name)},
      text_{at.text_with(listener_.local_address().port())} {
    // the kernel would go on giving it its share
    if (options.name == name_use::shared) in_child_.emplace(listener_.fd());
}

std::unique_ptr<tcp_end> tcp_door::accept(const patience& limit) {
    for (;;) {
        if (auto socket = listener_.try_accept()) {
            return std::make_unique<tcp_end>(std::move(*socket));
        }
        if (!wait_patiently(fd(), os::readiness::readable, limit, bell_)) return nullptr;
    }
}

}  // namespace signet::transport::tcp
