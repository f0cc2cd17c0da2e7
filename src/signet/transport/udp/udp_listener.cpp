// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_listener.hpp>

#include <signet/base/error.hpp>
#include <signet/os/random.hpp>
#include <signet/transport/udp/plain_udp_end.hpp>
#include <signet/transport/udp/udp_end.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace signet::transport::udp {
namespace {

/// So many datagrams are looked at before the patience is looked at again.
constexpr int looks_max = 256;
/// What other sockets received for us is kept up to this; it is said again, or lost.
constexpr std::size_t strays_max = 64;
/// More conversations than hellos can lie in the kernel's queue.
constexpr std::size_t known_max = 1024;

std::vector<os::ip_address> places_of(const tcp::tcp_name& at, deadline until) {
    auto places = at.places(until);
    refuse_groups(places, at.text());
    return places;
}

// The first address that can be had; v4 alone where there is no v6.
os::udp_socket socket_at_first(const std::vector<os::ip_address>& places, bool any) {
    const os::udp_options options{.tell_destination = any ? os::toggle::on : os::toggle::off,
                                  .reach = any ? os::v6_reach::also_v4 : os::v6_reach::only_v6};
    for (std::size_t i = 0; i + 1 < places.size(); ++i) {
        try {
            return os::udp_socket{places[i], options};
        } catch (const error& why) {
            const bool absent = why.code() == std::errc::address_not_available ||
                                why.code() == std::errc::address_family_not_supported;
            if (!absent) throw;
        }
    }
    return os::udp_socket{places.back(), options};
}

bool is_any(const os::ip_address& one) {
    return one == os::ip_address::any(one.version(), one.port());
}

/// While it lives the port may be shared.
class sharing {
public:
    explicit sharing(os::udp_socket& port) : port_{&port} {
        port_->set_share_with_user(os::toggle::on);
    }
    ~sharing() {
        try {
            port_->set_share_with_user(os::toggle::off);
        } catch (const error&) {
            // The kernel knows the option: it was set before.
        }
    }
    sharing(const sharing&) = delete;
    sharing& operator=(const sharing&) = delete;

private:
    os::udp_socket* port_;
};

bool is_shortage(const std::error_code& code) {
    return code == std::errc::too_many_files_open || code == std::errc::not_enough_memory ||
           code == std::errc::too_many_files_open_in_system;
}

}  // namespace

udp_listener::udp_listener(const tcp::tcp_name& at, const channel_types& types,
                           const channel_options& options)
    : socket_{socket_at_first(places_of(at, after(options.handshake_limit)), at.is_any())},
      here_{socket_.local_address()},
      text_{at.text_with(here_.port())},
      types_{types},
      options_{options},
      buffer_(datagram_bytes_max) {
    check_options(options, text_);
    socket_.set_receive_buffer_bytes(options.buffer_bytes);
    set_.add(socket_.fd(), os::interest::readable, 0);
    set_.add(stray_bell_.fd(), os::interest::readable, 1);
}

std::unique_ptr<channel_end> udp_listener::accept(const patience& limit) {
    for (;;) {
        if (auto end = look()) return end;
        if (!wait_patiently(fd(), os::readiness::readable, limit, bell_)) return nullptr;
    }
}

std::deque<udp_listener::caller> udp_listener::take_strays_of(const os::ip_address& peer) {
    std::deque<caller> theirs;
    std::deque<caller> others;
    for (caller& one : strays_) {
        (one.peer == peer ? theirs : others).push_back(std::move(one));
    }
    strays_ = std::move(others);
    if (strays_.empty()) stray_bell_.drain();
    return theirs;
}

std::unique_ptr<channel_end> udp_listener::look() {
    for (int i = 0; i < looks_max; ++i) {
        auto from = next();
        if (!from) return nullptr;
        try {
            if (auto end = consider(*from)) return end;
        } catch (const error& why) {
            if (is_shortage(why.code())) throw;  // it says hello again
        }
    }
    return nullptr;
}

std::optional<udp_listener::caller> udp_listener::next() {
    if (strays_.empty()) return next_of(socket_, here_);
    caller first = std::move(strays_.front());
    strays_.pop_front();
    if (strays_.empty()) stray_bell_.drain();
    return first;
}

std::optional<udp_listener::caller> udp_listener::next_of(os::udp_socket& socket,
                                                          const os::ip_address& here) {
    auto got = socket.receive(buffer_, deadline::min());
    if (got.status != os::datagram_status::moved || !got.sender) return std::nullopt;
    if (!got.destination && !is_any(here)) got.destination = here;
    const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(got.bytes);
    return caller{*got.sender, got, {buffer_.begin(), end}};
}

void udp_listener::keep_stray(caller stray) {
    if (strays_.size() == strays_max) return;
    strays_.push_back(std::move(stray));
    stray_bell_.signal();
}

// What is no hello, and for nobody here, is for one that has closed; or garbage.
std::unique_ptr<channel_end> udp_listener::consider(caller& from) {
    if (options_.frames != framing::messages) return meet_plainly(from);
    const auto header = datagram_header::read(from.bytes);
    if (!header) return nullptr;
    if (header->kind == datagram_kind::hello) return consider_hello(from, *header);
    if (header->kind == datagram_kind::message || header->kind == datagram_kind::end) {
        answer(from, {datagram_kind::gone, header->conversation, 0});
    }
    return nullptr;
}

std::unique_ptr<channel_end> udp_listener::consider_hello(const caller& from,
                                                          const datagram_header& header) {
    if (jar_->gave(header.number, from.peer, header.conversation)) {
        return is_known(header.conversation) ? nullptr : meet(from, header);
    }
    answer(from, {datagram_kind::challenge, header.conversation,
                  jar_->cookie_for(from.peer, header.conversation)});
    return nullptr;
}

// Said again while nobody accepted; or by one that has closed since.
bool udp_listener::is_known(std::uint64_t conversation) const {
    return std::find(known_.begin(), known_.end(), conversation) != known_.end();
}

// Never longer than what it answers.
void udp_listener::answer(const caller& to, const datagram_header& header) {
    socket_.answer(to.how, written(header));
}

std::unique_ptr<channel_end> udp_listener::meet(const caller& from, const datagram_header& header) {
    udp_meeting met{.ids = {.here = os::random_u64(), .there = header.conversation}, .jar = jar_};
    try {
        met.peer =
            read_greeting(std::span<const std::byte>{from.bytes}.subspan(datagram_header::bytes));
        require_readable(types_, *met.peer);
        met.answer = written({datagram_kind::welcome, met.ids.there, met.ids.here},
                             written_greeting(types_, options_));
    } catch (const error& why) {
        const std::string_view text = why.what();
        met.obstacle = why;
        met.answer =
            written({datagram_kind::refusal, met.ids.there, 0}, std::as_bytes(std::span{text}));
    }
    os::udp_socket own = socket_for(from);
    std::deque<caller> theirs;  // hellos that it said again
    sort_out(own, from, theirs);
    known_.push_back(header.conversation);
    if (known_.size() > known_max) known_.pop_front();
    return std::make_unique<udp_end>(std::move(own), from.peer, text_, options_, std::move(met));
}

std::unique_ptr<channel_end> udp_listener::meet_plainly(caller& from) {
    os::udp_socket own = socket_for(from);
    std::deque<caller> theirs = take_strays_of(from.peer);
    sort_out(socket_, from, theirs);
    sort_out(own, from, theirs);
    std::deque<std::vector<std::byte>> first;
    first.push_back(std::move(from.bytes));
    for (caller& one : theirs) first.push_back(std::move(one.bytes));
    return std::make_unique<plain_udp_end>(std::move(own), from.peer, text_, options_,
                                           std::move(first));
}

os::udp_socket udp_listener::socket_for(const caller& from) {
    const os::ip_address at = from.how.destination->with_port(here_.port());
    const sharing open{socket_};
    os::udp_socket own{at, {.share_with_user = os::toggle::on, .reach = os::v6_reach::also_v4}};
    own.connect(from.peer);
    own.set_receive_buffer_bytes(options_.buffer_bytes);
    return own;
}

// What is there of others is for this listener.
void udp_listener::sort_out(os::udp_socket& from, const caller& other, std::deque<caller>& theirs) {
    for (std::size_t i = 0; i < strays_max; ++i) {
        auto one = next_of(from, here_);
        if (!one) return;
        if (!one->how.destination) one->how.destination = other.how.destination;
        if (one->peer == other.peer) {
            theirs.push_back(std::move(*one));
        } else {
            keep_stray(std::move(*one));
        }
    }
}

}  // namespace signet::transport::udp
