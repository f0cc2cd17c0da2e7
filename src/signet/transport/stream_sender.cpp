// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/stream_sender.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <utility>

namespace signet::transport {
namespace {

/// So many bytes of a message are put behind its header, to be written at once; the rest is written
/// from where it lies.
constexpr std::size_t copied_bytes = std::size_t{64} << 10;

/// Where they lie in `frame_`, with room before them for the header and the number of descriptors.
/// What is copied to an address that 8 divides not is copied on by the kernel much more slowly.
constexpr std::size_t body_at = 16;

constexpr std::array line_feed{std::byte{'\n'}};

std::uint64_t size_of(const outgoing& message) {
    std::uint64_t bytes = 0;
    for (const auto part : message.parts) bytes += part.size();
    return bytes;
}

}  // namespace

stream_sender::stream_sender(byte_stream& stream, stream_interest& interest,
                             const std::string& name, const channel_options& options,
                             std::span<const std::byte> greeting)
    : stream_{stream},
      interest_{interest},
      name_{name},
      options_{options},
      bytes_max_{options.message_bytes_max} {
    if (options_.frames == framing::messages) keep_frame(frame_kind::hello, greeting);
}

sent stream_sender::send(const outgoing& message, const patience& limit) {
    const std::uint64_t bytes = size_of(message);
    check(message, bytes);
    const std::lock_guard locked{sending_};
    if (ended_) throw contract_violation{"send on channel '" + name_ + "' after its end was said"};
    if (!unsent_.empty()) {
        const sent before = write_unsent(limit);
        if (before != sent::done) return before;
    }
    return send_whole(message, bytes, limit);
}

void stream_sender::check(const outgoing& message, std::uint64_t bytes) const {
    // relaxed: a number that stands alone
    if (bytes > bytes_max_.load(std::memory_order_relaxed)) complain_of_length(bytes);
    if (options_.frames != framing::messages) check_plain(message, bytes);
}

void stream_sender::check_plain(const outgoing& message, std::uint64_t bytes) const {
    if (!message.descriptors.empty() && (options_.frames == framing::lines || bytes == 0)) {
        throw error{errc::unsupported, "send on channel", name_,
                    "descriptors travel beside bytes or messages, not beside lines"};
    }
    if (options_.frames == framing::lines) check_line(message);
}

void stream_sender::check_line(const outgoing& message) const {
    for (const auto part : message.parts) {
        if (std::find(part.begin(), part.end(), line_feed.front()) == part.end()) continue;
        throw error{errc::bad_option, "send on channel", name_,
                    "a line has no line feed in it; send several, or use framing::bytes"};
    }
}

void stream_sender::complain_of_length(std::uint64_t bytes) const {
    const std::uint64_t ours = options_.message_bytes_max;
    const std::uint64_t most = bytes_max_.load(std::memory_order_relaxed);  // relaxed: as above
    const std::string limit = bytes > ours ? "message_bytes_max is " + std::to_string(ours)
                                           : "the peer takes " + std::to_string(most);
    throw error{errc::too_large, "send on channel", name_,
                "the message has " + std::to_string(bytes) + " bytes; " + limit};
}

sent stream_sender::send_whole(const outgoing& message, std::uint64_t bytes,
                               const patience& limit) {
    const std::span<const std::byte> frame = begin_frame(message, bytes);
    std::span<const std::byte> rest = frame;
    if (message.descriptors.empty() && !limit.stop.stop_possible()) {
        const auto first = stream_.write_some(frame, limit.until);
        if (first.bytes == frame.size() && bytes <= copied_bytes) return sent::done;  // as a rule
        const bool none = first.bytes == 0;
        if (none && first.status == os::stream_status::timed_out) return sent::timed_out;
        rest = frame.subspan(first.bytes);
    }
    if (write(rest, message.descriptors, limit) == sent::gone) return sent::gone;
    if (rest.size() == frame.size() && !rest.empty()) return sent::timed_out;
    keep(rest);
    return bytes <= copied_bytes ? sent::done : write_rest(message, limit);
}

// The header and the first bytes of the message, in `frame_`, which keeps its memory.
std::span<const std::byte> stream_sender::begin_frame(const outgoing& message,
                                                      std::uint64_t bytes) {
    const std::size_t body_end = body_at + std::min<std::uint64_t>(bytes, copied_bytes);
    if (frame_.size() <= body_end) frame_.resize(body_end + 1);
    std::size_t end = body_at;
    for (const auto part : message.parts) {
        const std::size_t some = std::min(part.size(), body_end - end);
        if (some != 0) std::memcpy(frame_.data() + end, part.data(), some);
        end += some;
    }
    const bool is_line = options_.frames == framing::lines && bytes <= copied_bytes;
    if (is_line) frame_[end++] = line_feed.front();
    const std::size_t begin = put_header(message.descriptors.size(), bytes);
    return std::span{frame_}.subspan(begin, end - begin);
}

// Before the body; where it begins.
std::size_t stream_sender::put_header(std::size_t descriptors, std::uint64_t bytes) {
    if (options_.frames != framing::messages) return body_at;
    const bool beside = descriptors != 0;
    const auto kind = beside ? frame_kind::accompanied : frame_kind::message;
    const auto length = static_cast<std::uint32_t>(bytes + (beside ? 1 : 0));
    const auto header = frame_header{kind, length}.written();
    if (beside) frame_[body_at - 1] = static_cast<std::byte>(descriptors);
    const std::size_t begin = body_at - header.size() - (beside ? 1 : 0);
    std::memcpy(frame_.data() + begin, header.data(), header.size());
    return begin;
}

// What begin_frame() did not copy, from where it lies; what is not taken in time is kept.
sent stream_sender::write_rest(const outgoing& message, const patience& limit) {
    std::size_t skipped = copied_bytes;
    for (auto part : message.parts) {
        const std::size_t copied = std::min(part.size(), skipped);
        skipped -= copied;
        part = part.subspan(copied);
        if (unsent_.empty() && write(part, {}, limit) == sent::gone) return sent::gone;
        keep(part);
    }
    if (options_.frames == framing::lines) keep(line_feed);
    return write_unsent(limit) == sent::gone ? sent::gone : sent::done;
}

// Writes what the stream takes in time, and cuts that off `bytes`.
sent stream_sender::write(std::span<const std::byte>& bytes, std::span<const int> descriptors,
                          const patience& limit) {
    if (!limit.stop.stop_possible()) return write_with_stop(bytes, descriptors, limit, -1);
    const sent outcome = write_with_stop(bytes, descriptors, limit, stop_.fd_for(limit));
    stop_.disarm();
    return outcome;
}

sent stream_sender::write_with_stop(std::span<const std::byte>& bytes,
                                    std::span<const int> descriptors, const patience& limit,
                                    int bell) {
    const deadline until = bell < 0 ? limit.until : deadline::min();
    while (!bytes.empty()) {
        const auto result = descriptors.empty() ? stream_.write_some(bytes, until)
                                                : stream_.write_with(bytes, descriptors, until);
        if (result.bytes != 0) descriptors = {};
        bytes = bytes.subspan(result.bytes);
        if (result.status == os::stream_status::moved) continue;
        if (result.status != os::stream_status::timed_out) return sent::gone;
        if (bell < 0 || is_over(limit)) return sent::timed_out;
        std::array<os::awaited, 2> all{
            {{stream_.write_fd(), os::readiness::writable}, {bell, os::readiness::readable}}};
        os::wait_any_ready(all, limit.until);
    }
    return sent::done;
}

sent stream_sender::flush(const patience& limit) {
    const std::lock_guard locked{sending_};
    return write_unsent(limit);
}

// Of a dead peer who receives is told by receiving, after what that had sent.
void stream_sender::flush_quietly() {
    const guest_lock::visit visit{sending_};
    if (!visit) return;
    try {
        write_unsent(patience::none());
    } catch (const error&) {
        // the stream broke, which its next use tells
    }
}

sent stream_sender::write_unsent(const patience& limit) {
    sent outcome = sent::done;
    if (!unsent_.empty()) {
        std::span<const std::byte> rest = std::span{unsent_}.subspan(unsent_begin_);
        outcome = write(rest, {}, limit);
        unsent_begin_ = unsent_.size() - rest.size();
        if (outcome != sent::timed_out) forget_unsent();
    }
    if (outcome == sent::done && ended_ && !shut_) {
        stream_.end_writing();
        shut_ = true;
    }
    return outcome;
}

void stream_sender::end(const patience& limit) {
    const std::lock_guard locked{sending_};
    end_with(frame_kind::end, {}, limit);
}

// One that is sending may wait for ever: the peer reads no more, and sees us go.
void stream_sender::refuse(std::string_view why) {
    const guest_lock::visit visit{sending_};
    if (visit) end_with(frame_kind::refusal, std::as_bytes(std::span{why}), patience::none());
}

void stream_sender::end_with(frame_kind last, std::span<const std::byte> body,
                             const patience& limit) {
    if (!ended_ && options_.frames == framing::messages) {
        keep_frame(last, body.first(std::min(body.size(), greeting_bytes_max)));
    }
    ended_ = true;
    write_unsent(limit);
}

void stream_sender::keep_frame(frame_kind kind, std::span<const std::byte> body) {
    keep(frame_header{kind, static_cast<std::uint32_t>(body.size())}.written());
    keep(body);
}

void stream_sender::keep(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    unsent_.insert(unsent_.end(), bytes.begin(), bytes.end());
    note_unsent(true);
}

void stream_sender::forget_unsent() {
    unsent_.clear();
    unsent_begin_ = 0;
    note_unsent(false);
}

void stream_sender::note_unsent(bool any) {
    // relaxed: a hint
    if (any_unsent_.exchange(any, std::memory_order_relaxed) != any) interest_.want_room(any);
}

}  // namespace signet::transport
