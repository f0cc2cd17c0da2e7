// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/mq/mq_medium.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>

#include <algorithm>
#include <array>

namespace signet::transport::mq {
namespace {

/// A hello has room in a few of them, whatever the messages.
constexpr std::uint64_t letter_bytes_least = 1024;

/// What the kernel counts for a message beside its bytes, or more.
constexpr std::uint64_t overhead_bytes = 128;

constexpr std::uint64_t usual_message_bytes_max = 8192;
constexpr std::uint64_t usual_messages_max = 10;
constexpr unsigned queues_of_a_channel = 2;

}  // namespace

std::uint64_t message_bytes_max(const os::posix_queue_limits& limits) {
    return limits.message_bytes_max.value_or(usual_message_bytes_max);
}

os::posix_queue_geometry geometry_for(std::uint64_t wanted_bytes,
                                      const os::posix_queue_limits& limits) {
    const std::uint64_t most = message_bytes_max(limits);
    const std::uint64_t bytes = std::clamp(wanted_bytes, std::min(letter_bytes_least, most), most);
    const std::uint64_t deepest = limits.messages_max.value_or(usual_messages_max);
    if (!limits.bytes_max) return {deepest, bytes};
    const std::uint64_t share = *limits.bytes_max / (queues_of_a_channel * channels_least);
    return {std::clamp<std::uint64_t>(share / (bytes + overhead_bytes), 1, deepest), bytes};
}

mq_medium::mq_medium(os::posix_queue takes, os::posix_queue puts, const os::peer_credentials& peer)
    : takes_{std::move(takes)}, puts_{std::move(puts)}, peer_{peer} {
    takes_.wait_in_calls();
    puts_.wait_in_calls();
    if (takes_.try_own()) return;
    throw error{errc::peer_misbehaved, "open channel", takes_.name(),
                "another end takes messages from that queue already"};
}

std::size_t mq_medium::letters_max() const {
    return std::min(takes_.geometry().messages_max, puts_.geometry().messages_max);
}

bool mq_medium::try_put(letter_kind kind, std::span<const std::byte> bytes) {
    if (!puts_.try_send(bytes, static_cast<unsigned>(kind))) return false;
    if (unlooked_ != 0) --unlooked_;
    return true;
}

bool mq_medium::put(letter_kind kind, std::span<const std::byte> bytes) {
    if (unlooked_ == 0) {
        if (!peer_takes()) return false;
        unlooked_ = puts_.geometry().messages_max;
    }
    --unlooked_;
    puts_.send(bytes, static_cast<unsigned>(kind));
    return true;
}

std::optional<letter> mq_medium::try_take(std::span<std::byte> buffer) {
    const auto one = takes_.try_receive(buffer);
    if (!one) return std::nullopt;
    return letter{one->priority, one->bytes};
}

letter mq_medium::take(std::span<std::byte> buffer) {
    const auto one = takes_.receive(buffer);
    return {one.priority, one.bytes};
}

void mq_medium::wake() noexcept {
    try {
        takes_.try_send({}, static_cast<unsigned>(letter_kind::wake));
    } catch (const error&) {
        // no memory for a message: who sleeps looks again when something else wakes it
    }
}

bool mq_medium::wait_for_letter(const patience& limit, stop_bell& bell) {
    return wait_patiently(takes_.fd(), os::readiness::readable, limit, bell);
}

bool mq_medium::wait_for_room(const os::process* peer, const patience& limit, stop_bell& bell) {
    const std::array<os::awaited, 3> all{
        {{puts_.fd(), os::readiness::writable},
         {bell.fd_for(limit), os::readiness::readable},
         {peer == nullptr ? -1 : peer->fd(), os::readiness::readable}}};
    const bool any = os::wait_any_ready(all, limit.until);
    bell.disarm();
    return any && !limit.stop.stop_requested();
}

// A peer that waits for room finds some, and then that nobody takes what it puts.
void mq_medium::stop_taking() noexcept {
    takes_.disown();
    takes_.drain();
}

}  // namespace signet::transport::mq
