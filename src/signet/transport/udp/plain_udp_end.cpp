// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/plain_udp_end.hpp>

#include <signet/base/error.hpp>

#include <algorithm>
#include <utility>

namespace signet::transport::udp {
namespace {

constexpr std::byte line_feed{'\n'};

}  // namespace

plain_udp_end::plain_udp_end(os::udp_socket socket, const os::ip_address& peer, std::string name,
                             const channel_options& options,
                             std::deque<std::vector<std::byte>> first)
    : datagram_end{std::move(socket), peer, std::move(name), options}, first_{std::move(first)} {
    if (first_.empty()) return;
    bell_.emplace();
    bell_->signal();
    set_.emplace();
    set_->add(bell_->fd(), os::interest::readable, 0);
    set_->add(socket_fd(), os::interest::readable, 1);
}

int plain_udp_end::fd() {
    return set_ ? set_->fd() : socket_fd();
}

bool plain_udp_end::take(std::span<const std::byte> datagram, bool truncated, incoming& into) {
    if (datagram.empty()) {
        note_end();
        return false;
    }
    if (truncated) complain(errc::too_large, "a datagram is longer than what we take; it is lost");
    rest_ = datagram;
    return take_part(into);
}

bool plain_udp_end::take_rest(incoming& into) {
    while (rest_.empty() && !first_.empty()) {
        current_ = std::move(first_.front());
        first_.pop_front();
        if (first_.empty()) bell_->drain();
        if (take(current_, false, into)) return true;
    }
    return !rest_.empty() && take_part(into);
}

bool plain_udp_end::take_part(incoming& into) {
    if (options().frames == framing::bytes) {
        into.bytes = std::exchange(rest_, {});
    } else {
        const auto found = std::find(rest_.begin(), rest_.end(), line_feed);
        const auto length = static_cast<std::size_t>(found - rest_.begin());
        into.bytes = rest_.first(length);
        rest_ = rest_.subspan(length + (found == rest_.end() ? 0 : 1));
    }
    if (into.bytes.size() <= options().message_bytes_max) return true;
    complain(errc::too_large, "the peer sent " + std::to_string(into.bytes.size()) +
                                  " bytes at once; we take " +
                                  std::to_string(options().message_bytes_max));
}

void plain_udp_end::write(const outgoing& message) {
    output_.clear();
    for (const auto part : message.parts) output_.insert(output_.end(), part.begin(), part.end());
    const bool lines = options().frames == framing::lines;
    if (!lines && output_.empty()) {
        complain(errc::bad_option, "an empty datagram says that no more will come");
    }
    if (lines && std::find(output_.begin(), output_.end(), line_feed) != output_.end()) {
        complain(errc::bad_option,
                 "a line has no line feed in it; send several, or use framing::bytes");
    }
    if (lines) output_.push_back(line_feed);
}

bool plain_udp_end::is_message(std::span<const std::byte> beginning) const {
    return !beginning.empty();
}

void plain_udp_end::say_end(bool) {
    if (!std::exchange(said_end_, true)) transmit({});
}

}  // namespace signet::transport::udp
