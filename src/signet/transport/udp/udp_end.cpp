// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_end.hpp>

#include <signet/wire/utf8.hpp>

#include <array>
#include <utility>

namespace signet::transport::udp {

std::string text_in(std::span<const std::byte> body) {
    return wire::printable({reinterpret_cast<const char*>(body.data()), body.size()});
}

udp_end::udp_end(os::udp_socket socket, const os::ip_address& peer, std::string name,
                 const channel_options& options, udp_meeting met)
    : datagram_end{std::move(socket), peer, std::move(name), options}, met_{std::move(met)} {
    if (met_.peer) limit_sent(met_.peer->message_bytes_max);
    if (!met_.answer.empty()) transmit(met_.answer);
}

const wire::type_descriptor* udp_end::peer_sends() const noexcept {
    return met_.peer && met_.peer->sends ? &*met_.peer->sends : nullptr;
}

void udp_end::require_well() const {
    if (met_.obstacle) throw error{*met_.obstacle};
}

// ---- receiving ----------------------------------------------------------------------------------

bool udp_end::take(std::span<const std::byte> datagram, bool truncated, incoming& into) {
    const auto header = datagram_header::read(datagram);
    if (!header) return ignore();
    const auto body = datagram.subspan(datagram_header::bytes);
    switch (header->kind) {
        case datagram_kind::message: return take_message(*header, body, truncated, into);
        case datagram_kind::end:
        case datagram_kind::bye: return take_end(*header);
        case datagram_kind::refusal: return take_refusal(*header, body);
        case datagram_kind::gone: return take_gone(*header);
        case datagram_kind::hello: return meet_again(*header);
        case datagram_kind::challenge:
        case datagram_kind::welcome: break;
    }
    return header->conversation == met_.ids.here ? false : ignore();  // late ones of the handshake
}

bool udp_end::take_message(const datagram_header& header, std::span<const std::byte> body,
                           bool truncated, incoming& into) {
    if (header.conversation != met_.ids.here) return ignore();
    if (!arrivals_.take(header.number)) return ignore();
    if (truncated || body.size() > options().message_bytes_max) {
        complain(errc::too_large, "the peer sent a message of more than the " +
                                      std::to_string(options().message_bytes_max) +
                                      " bytes that we take; it is lost");
    }
    into.bytes = body;
    return true;
}

bool udp_end::take_end(const datagram_header& header) {
    if (header.conversation != met_.ids.here) return ignore();
    arrivals_.end_at(header.number);
    note_end();
    if (header.kind == datagram_kind::bye) note_closed();
    return false;
}

bool udp_end::take_refusal(const datagram_header& header, std::span<const std::byte> body) {
    if (header.conversation != met_.ids.here) return ignore();
    met_.obstacle = error{errc::refused, "use channel", shown(peer_address()), text_in(body)};
    require_well();
    return false;
}

// Only a listener says so, of what bears its id.
bool udp_end::take_gone(const datagram_header& header) {
    if (met_.jar || header.conversation != met_.ids.there) return ignore();
    note_end();
    note_closed();
    return false;
}

// Said again, it did not hear the answer. Another one at that address: our peer is not there any
// more, as soon as it is sure that this one is.
bool udp_end::meet_again(const datagram_header& header) {
    if (!met_.jar) return ignore();
    if (header.conversation == met_.ids.there) {
        if (met_.jar->gave(header.number, peer_address(), header.conversation))
            transmit(met_.answer);
        return false;
    }
    if (met_.jar->gave(header.number, peer_address(), header.conversation)) {
        leave_peer();
        return false;
    }
    const auto cookie = met_.jar->cookie_for(peer_address(), header.conversation);
    transmit(written({datagram_kind::challenge, header.conversation, cookie}));
    return ignore();
}

// ---- sending ------------------------------------------------------------------------------------

void udp_end::write(const outgoing& message) {
    std::array<std::byte, datagram_header::bytes> header;
    datagram_header{datagram_kind::message, met_.ids.there, sent_}.write(header);
    output_.assign(header.begin(), header.end());
    for (const auto part : message.parts) output_.insert(output_.end(), part.begin(), part.end());
}

bool udp_end::is_message(std::span<const std::byte> beginning) const {
    const auto header = datagram_header::read(beginning);
    return header && header->kind == datagram_kind::message &&
           header->conversation == met_.ids.here;
}

void udp_end::say_end(bool closing) {
    const auto kind = closing ? datagram_kind::bye : datagram_kind::end;
    const auto words = written({kind, met_.ids.there, sent_});
    for (int i = 0; i < last_words_repeated; ++i) transmit(words);
}

}  // namespace signet::transport::udp
