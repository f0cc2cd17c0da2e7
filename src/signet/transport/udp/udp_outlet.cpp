// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_outlet.hpp>

#include <signet/os/process.hpp>
#include <signet/os/random.hpp>
#include <signet/transport/udp/datagram_end.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace signet::transport::udp {
namespace {

/// Datagrams until the others have a turn: those who receive them in this thread have room for so
/// many.
constexpr int sent_per_turn = 32;

/// Whoever asks, it is answered no more often.
constexpr std::chrono::milliseconds answer_interval{20};
constexpr int questions_max = 64;

std::uint64_t now_ns() {
    return static_cast<std::uint64_t>(clock::now().time_since_epoch().count());
}

}  // namespace

udp_outlet::udp_outlet(udp_group to, local_publisher& from)
    : group_{std::move(to)},
      socket_{group_.sender()},
      from_{&from},
      about_{from.type(), from.payload_bytes_max(), os::command_name(os::current_pid())} {
    room_.add(socket_.fd(), os::interest::writable, 0);
    announce();
}

topic_relay::state udp_outlet::work(relay_waits& waits) {
    begin(waits);
    hear();
    announce_when_due();
    settle(waits, talk());
    return state::going;
}

topic_relay::state udp_outlet::finish(relay_waits& waits) {
    work(waits);
    if (last_ != step::idle) return state::going;
    say_end();
    return state::over;
}

void udp_outlet::begin(relay_waits& waits) {
    if (reader_) return;
    const remote_end all{
        .endpoint = os::random_u64(), .pid = 0, .command = "all at " + group_.text()};
    reader_ = from_->read(all, {.policy = delivery::drop_oldest}, nullptr);
    reading_ = waits.add(reader_->watch());
    writing_ = waits.add_descriptor(room_.fd(), os::interest::readable);
    waits.add_descriptor(socket_.fd(), os::interest::readable);
}

// Who asks is told with all the others, so that nobody can have it sent elsewhere.
void udp_outlet::hear() {
    std::array<std::byte, topic_datagram::bytes> buffer;
    for (int i = 0; i < questions_max; ++i) {
        const auto got = socket_.receive(buffer, deadline::min());
        if (got.status == os::datagram_status::timed_out) return;
        const auto asked = topic_datagram::read(std::span{buffer}.first(got.bytes));
        const bool us = asked && asked->kind == topic_datagram_kind::question &&
                        asked->publisher == from_->endpoint();
        if (us) announce_at_ = std::min(announce_at_, after(answer_interval, announced_at_));
    }
}

void udp_outlet::announce_when_due() {
    if (clock::now() < announce_at_) return;
    try {
        announce();
    } catch (const error&) {
        // The network is down; it may come back.
    }
}

void udp_outlet::announce() {
    announced_at_ = clock::now();
    announce_at_ = after(announce_interval, announced_at_);
    const auto words =
        written({.publisher = from_->endpoint(), .number = next_, .time_ns = now_ns()}, about_);
    socket_.send_to(group_.address(), words, deadline::min());
}

udp_outlet::step udp_outlet::talk() {
    for (int i = 0; i < sent_per_turn; ++i) {
        if (message_ == nullptr) {
            message_ = reader_->next();
            offset_ = 0;
        }
        if (message_ == nullptr) return step::idle;
        if (!send_piece()) return step::blocked;
    }
    return step::more;
}

/// False: there is no room for it now.
bool udp_outlet::send_piece() {
    const auto rest = message_->bytes.subspan(offset_);
    const auto piece = rest.first(std::min(rest.size(), piece_bytes));
    std::array<std::byte, topic_datagram::bytes> header;
    topic_datagram{.publisher = from_->endpoint(),
                   .number = message_->number,
                   .time_ns = message_->time_ns,
                   .length = static_cast<std::uint32_t>(message_->bytes.size()),
                   .offset = static_cast<std::uint32_t>(offset_)}
        .write(header);
    datagram_.assign(header.begin(), header.end());
    datagram_.insert(datagram_.end(), piece.begin(), piece.end());
    if (!transmit(datagram_)) return false;
    offset_ += piece.size();
    if (offset_ < message_->bytes.size()) return true;
    next_ = message_->number + 1;
    message_ = nullptr;
    return true;
}

bool udp_outlet::transmit(std::span<const std::byte> datagram) {
    try {
        return socket_.send_to(group_.address(), datagram, deadline::min()) !=
               os::datagram_status::timed_out;
    } catch (const error&) {
        return true;  // it is lost, as any may be
    }
}

void udp_outlet::settle(relay_waits& waits, step became) {
    last_ = became;
    waits.enable(*reading_, became == step::idle);
    waits.enable(*writing_, became == step::blocked);
    waits.wake_at(announce_at_);
    if (became == step::more) waits.again();
}

void udp_outlet::say_end() {
    std::array<std::byte, topic_datagram::bytes> words;
    topic_datagram{.kind = topic_datagram_kind::end,
                   .publisher = from_->endpoint(),
                   .number = next_,
                   .time_ns = now_ns()}
        .write(words);
    for (int i = 0; i < last_words_repeated; ++i) transmit(words);
}

}  // namespace signet::transport::udp
