// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_inlet.hpp>

#include <signet/transport/udp/datagram_end.hpp>
#include <signet/transport/udp/udp_frame.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace signet::transport::udp {
namespace {

/// Datagrams until the others have a turn.
constexpr int heard_per_turn = 256;

/// What is kept of a publisher while its writer has no room; the oldest goes first.
constexpr std::size_t waiting_max = 256;
constexpr std::size_t waiting_bytes_max = std::size_t{32} << 20;

constexpr std::chrono::milliseconds ask_interval{20};

/// Two clocks that seem to differ by less than a datagram may take are one.
constexpr std::int64_t same_clock_ns = 50'000'000;

void check(const subscriber_options& options, const std::string& name) {
    const char* lacks = nullptr;
    if (options.policy == delivery::block) lacks = "a group cannot hold a publisher back";
    if (options.history != 0) lacks = "a group keeps nothing for who comes late";
    if (lacks == nullptr) return;
    throw error{errc::unsupported, "subscribe to topic", name,
                std::string{lacks} + "; tcp:// can, and shared memory"};
}

std::int64_t ahead(std::uint64_t theirs) {
    const auto said = static_cast<std::int64_t>(theirs & std::uint64_t{INT64_MAX});
    const std::int64_t ours = clock::now().time_since_epoch().count();
    const std::int64_t found = ours - said;
    return found >= 0 && found < same_clock_ns ? 0 : found;
}

}  // namespace

udp_inlet::udp_inlet(const udp_group& at, local_subscriber& to)
    : group_{at},
      socket_{(check(to.options(), at.text()), at.receiver())},
      to_{&to},
      buffer_(datagram_bytes_max) {}

topic_relay::state udp_inlet::work(relay_waits& waits) {
    if (!std::exchange(listening_, true)) {
        waits.add_descriptor(socket_.fd(), os::interest::readable);
    }
    const bool more = hear(waits);
    flush_all(waits);
    drop_silent(waits);
    if (more) waits.again();
    return state::going;
}

// ---- receiving ----------------------------------------------------------------------------------

/// Whether there may be more.
bool udp_inlet::hear(relay_waits& waits) {
    for (int i = 0; i < heard_per_turn; ++i) {
        os::udp_received got;
        try {
            got = socket_.receive(buffer_, deadline::min());
        } catch (const error&) {
            continue;  // the network is down: there may be more
        }
        if (got.status == os::datagram_status::timed_out) return false;
        if (!got.sender) continue;
        take(waits, std::span<const std::byte>{buffer_}.first(got.bytes), *got.sender);
    }
    return true;
}

void udp_inlet::take(relay_waits& waits, std::span<const std::byte> datagram,
                     const os::ip_address& from) {
    const auto header = topic_datagram::read(datagram);
    if (!header || header->kind == topic_datagram_kind::question) return;
    const auto body = datagram.subspan(topic_datagram::bytes);
    const auto known = sources_.find(header->publisher);
    if (known == sources_.end()) {
        if (header->kind == topic_datagram_kind::announcement)
            return meet(waits, *header, body, from);
        if (header->kind == topic_datagram_kind::piece) ask(*header, from);
        return;
    }
    if (known->second.address != from) return;  // somebody else uses its id
    known->second.silent_at = after(silence_limit);
    if (header->kind == topic_datagram_kind::end) return end(waits, known, "left");
    if (header->kind == topic_datagram_kind::piece) take_piece(known->second, *header, body);
}

// Of all that are not known one is asked now and then; the others announce themselves, too.
void udp_inlet::ask(const topic_datagram& heard, const os::ip_address& whom) {
    if (clock::now() < after(ask_interval, asked_at_)) return;
    asked_at_ = clock::now();
    std::array<std::byte, topic_datagram::bytes> words;
    topic_datagram{.kind = topic_datagram_kind::question, .publisher = heard.publisher}.write(
        words);
    try {
        socket_.send_to(whom, words, deadline::min());
    } catch (const error&) {
        // It will announce itself.
    }
}

void udp_inlet::meet(relay_waits& waits, const topic_datagram& header,
                     std::span<const std::byte> body, const os::ip_address& from) {
    if (sources_.size() == publishers_max) return;
    source found{from};
    try {
        announcement about = read_announcement(body);
        found.who = {.endpoint = header.publisher,
                     .pid = 0,
                     .command = std::move(about.command) + " at " + shown(from)};
        found.writer = to_->write(found.who, about.type, about.payload_bytes_max);
        found.writing = waits.add(found.writer->watch());
    } catch (const error& why) {
        if (why.code() == errc::peer_misbehaved) return;  // garbage
        to_->refused(found.who, why);
        found.writer.reset();
    }
    found.clock_ahead_ns = ahead(header.time_ns);
    found.silent_at = after(silence_limit);
    found.next = header.number;
    sources_.emplace(header.publisher, std::move(found));
}

void udp_inlet::take_piece(source& from, const topic_datagram& header,
                           std::span<const std::byte> body) {
    if (!from.writer) return;
    if (header.number < from.next) return;
    const auto whole = from.pieces.add(header, body);
    if (!whole) return;
    const std::uint64_t time_ns =
        header.time_ns == 0 ? 0 : header.time_ns + static_cast<std::uint64_t>(from.clock_ahead_ns);
    keep(from, {header.number, time_ns, {whole->begin(), whole->end()}});
}

void udp_inlet::keep(source& from, kept message) {
    if (!from.waiting.empty() && message.number <= from.waiting.back().number) return;
    from.waiting_bytes += message.bytes.size();
    from.waiting.push_back(std::move(message));
    while (from.waiting.size() > waiting_max || from.waiting_bytes > waiting_bytes_max) {
        from.waiting_bytes -= from.waiting.front().bytes.size();
        from.waiting.pop_front();
    }
}

// ---- handing over -------------------------------------------------------------------------------

void udp_inlet::flush_all(relay_waits& waits) {
    for (auto& [id, one] : sources_) {
        try {
            flush(waits, one);
        } catch (const error& why) {
            refuse(waits, one, why);
        }
    }
}

void udp_inlet::flush(relay_waits& waits, source& one) {
    if (!one.writer) return;
    bool room = true;
    while (room && !one.waiting.empty()) {
        const kept& first = one.waiting.front();
        room = one.writer->put({.number = first.number,
                                .time_ns = first.time_ns,
                                .lost_before = first.number - one.next,
                                .bytes = first.bytes});
        if (!room) break;
        one.next = first.number + 1;
        one.waiting_bytes -= first.bytes.size();
        one.waiting.pop_front();
    }
    waits.enable(*one.writing, !room);
}

// It stays known, so that it is not met again with each announcement.
void udp_inlet::refuse(relay_waits& waits, source& one, const error& why) {
    one.writer->end(topic_event::kind::refused, why.what());
    waits.remove(*std::exchange(one.writing, std::nullopt));
    one.writer.reset();
    one.waiting.clear();
}

void udp_inlet::end(relay_waits& waits, all_sources::iterator which, const std::string& reason) {
    source& one = which->second;
    if (one.writer) {
        try {
            flush(waits, one);
        } catch (const error&) {
            // It ends anyhow.
        }
        one.writer->end(topic_event::kind::left, reason);
        waits.remove(*one.writing);
    }
    sources_.erase(which);
}

void udp_inlet::drop_silent(relay_waits& waits) {
    const auto now = clock::now();
    deadline next = never;
    for (auto at = sources_.begin(); at != sources_.end();) {
        const auto one = at++;
        if (one->second.silent_at <= now) {
            end(waits, one, "silent: it has died, is stopped, or the network is cut");
        } else {
            next = std::min(next, one->second.silent_at);
        }
    }
    waits.wake_at(next);
}

}  // namespace signet::transport::udp
