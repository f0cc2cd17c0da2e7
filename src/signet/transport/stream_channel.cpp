// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/stream_channel.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/transport/channel_watch.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace signet::transport {
namespace {

/// What is read at once at first, and where there is much to read.
constexpr std::size_t read_bytes_least = std::size_t{4} << 10;
constexpr std::size_t read_bytes_most = std::size_t{64} << 10;

/// So many bytes of a message are put behind its header, to be written at once; the rest is written
/// from where it lies.
constexpr std::size_t copied_bytes = std::size_t{64} << 10;

/// What is read and thrown away when an end closes, so that the peer does not lose what it has not
/// read yet.
constexpr std::size_t dropped_bytes_max = std::size_t{1} << 20;

std::uint64_t size_of(const outgoing& message) {
    std::uint64_t bytes = 0;
    for (const auto part : message.parts) bytes += part.size();
    return bytes;
}

}  // namespace

// ---- making one ---------------------------------------------------------------------------------

stream_channel::stream_channel(std::unique_ptr<byte_stream> stream, std::string name,
                               const channel_types& types, const channel_options& options)
    : stream_{std::move(stream)},
      interest_{stream_->read_fd(), stream_->write_fd()},
      name_{std::move(name)},
      types_{types},
      options_{options} {
    constexpr std::uint64_t most = frame_header::message_bytes_max;
    if (options_.message_bytes_max == 0 || options_.message_bytes_max > most) {
        throw error{errc::bad_option, "open channel", name_,
                    "message_bytes_max is 1 to " + std::to_string(most)};
    }
    if (options_.frames == framing::messages) {
        put_frame(frame_kind::hello, written_greeting(types_, options_));
    }
}

std::unique_ptr<channel_end> stream_channel::accept(std::unique_ptr<byte_stream> stream,
                                                    std::string name, const channel_types& types,
                                                    const channel_options& options) {
    std::unique_ptr<stream_channel> end{
        new stream_channel{std::move(stream), std::move(name), types, options}};
    end->flush_quietly();
    return end;
}

std::unique_ptr<channel_end> stream_channel::connect(std::unique_ptr<byte_stream> stream,
                                                     std::string name, const channel_types& types,
                                                     const channel_options& options) {
    std::unique_ptr<stream_channel> end{
        new stream_channel{std::move(stream), std::move(name), types, options}};
    if (options.frames == framing::messages) {
        end->await_greeting({after(options.handshake_limit), {}});
    }
    return end;
}

void stream_channel::await_greeting(const patience& limit) {
    flush(limit);
    const std::lock_guard locked{receiving_};
    take_late();  // it may have said hello and closed before we said ours
    incoming none;
    while (!peer_) {
        if (const auto first = next_frame()) {
            take(*first, none);
        } else if (stream_over_) {
            complain(errc::peer_died,
                     "the other end was gone before it said hello: it died, or does not speak "
                     "Signet's frames");
        } else if (!fill(limit)) {
            throw error{std::make_error_code(std::errc::timed_out), "open channel", name_,
                        "the other end did not say hello in time: it is stopped, or accepts "
                        "nobody, or does not speak Signet's frames"};
        }
    }
}

stream_channel::~stream_channel() {
    try {
        end_sending({after(options_.linger), {}});
        drop_unread();
    } catch (const std::exception&) {
        // the peer is gone, or the rest cannot be sent: nobody is left to be told
    }
}

const wire::type_descriptor* stream_channel::peer_sends() const noexcept {
    return peer_ && peer_->sends ? &*peer_->sends : nullptr;
}

void stream_channel::complain(errc code, const std::string& why) const {
    throw error{code, "use channel", name_, why};
}

void stream_channel::complain_of_death() const {
    complain(errc::peer_died,
             "the other process ended without closing it; connect again when it is back");
}

// ---- receiving ----------------------------------------------------------------------------------

flow stream_channel::receive(incoming& into, const patience& limit) {
    into.bytes = {};
    into.descriptors.clear();
    if (any_unsent_.load(std::memory_order_relaxed)) {  // relaxed: a hint, flush() looks again
        flush_quietly();
    }
    const std::lock_guard locked{receiving_};
    take_late();
    for (;;) {
        const flow taken = take_next(into);
        incomplete_ = taken == flow::timed_out;
        if (!incomplete_ || !fill(limit)) return taken;
    }
}

// From what was read already; `timed_out`: there is no whole message.
flow stream_channel::take_next(incoming& into) {
    switch (options_.frames) {
        case framing::lines: return take_line(into);
        case framing::bytes: return take_bytes(into);
        case framing::messages: break;
    }
    return take_frame(into);
}

flow stream_channel::take_frame(incoming& into) {
    while (!said_end_) {
        const auto next = next_frame();
        if (!next) break;
        if (take(*next, into)) return flow::done;
    }
    return end_of_peer();
}

flow stream_channel::end_of_peer() const {
    if (said_end_) return flow::ended;
    if (!stream_over_) return flow::timed_out;
    if (options_.frames != framing::messages && !stream_broke_) return flow::ended;
    complain_of_death();
}

flow stream_channel::take_line(incoming& into) {
    const std::byte* const first = input_.data() + begin_;
    const std::size_t fresh = end_ - begin_ - looked_;
    const void* const found = fresh == 0 ? nullptr : std::memchr(first + looked_, '\n', fresh);
    if (found != nullptr) {
        into.bytes = {first, static_cast<const std::byte*>(found)};
        begin_ += into.bytes.size() + 1;
        looked_ = 0;
        return flow::done;
    }
    looked_ = end_ - begin_;
    if (looked_ > options_.message_bytes_max) {
        complain(errc::too_large, "a line is longer than message_bytes_max, which is " +
                                      std::to_string(options_.message_bytes_max));
    }
    return stream_over_ && looked_ != 0 ? take_bytes(into) : end_of_peer();
}

flow stream_channel::take_bytes(incoming& into) {
    if (begin_ == end_) return end_of_peer();
    const std::size_t bytes = std::min<std::uint64_t>(end_ - begin_, options_.message_bytes_max);
    into.bytes = {input_.data() + begin_, bytes};
    begin_ += bytes;
    looked_ = 0;
    return flow::done;
}

std::optional<frame_header> stream_channel::next_header() const {
    if (end_ - begin_ < frame_header::bytes) return std::nullopt;
    const auto header = frame_header::read(
        std::span<const std::byte, frame_header::bytes>{&input_[begin_], frame_header::bytes});
    check(header);
    return header;
}

// What no correct peer writes, before anything is done about it.
void stream_channel::check(const std::optional<frame_header>& header) const {
    if (!header ||
        (!peer_ && header->kind != frame_kind::hello && header->kind != frame_kind::refusal)) {
        complain(errc::peer_misbehaved,
                 "what it sent is not a frame of Signet; for peers that know nothing of Signet use "
                 "framing::lines or framing::bytes");
    }
    const std::uint64_t most = most_after(header->kind);
    if (header->length <= most) return;
    complain(errc::too_large, "the peer sends " + std::to_string(header->length) +
                                  " bytes at once; we take " + std::to_string(most));
}

std::uint64_t stream_channel::most_after(frame_kind kind) const noexcept {
    switch (kind) {
        case frame_kind::end: return 0;
        case frame_kind::hello:
        case frame_kind::refusal: return greeting_bytes_max;
        case frame_kind::accompanied: return options_.message_bytes_max + 1;
        case frame_kind::message: break;
    }
    return options_.message_bytes_max;
}

// The next one, where it is there whole.
std::optional<stream_channel::frame> stream_channel::next_frame() {
    const auto header = next_header();
    if (!header || end_ - begin_ - frame_header::bytes < header->length) return std::nullopt;
    const std::byte* const body = input_.data() + begin_ + frame_header::bytes;
    begin_ += frame_header::bytes + header->length;
    return frame{header->kind, {body, header->length}};
}

// Whether it was a message.
bool stream_channel::take(const frame& one, incoming& into) {
    std::span<const std::byte> body = one.body;
    switch (one.kind) {
        case frame_kind::hello: meet(body); return false;
        case frame_kind::end: said_end_ = true; return false;
        case frame_kind::refusal:
            complain(errc::refused,
                     std::string{reinterpret_cast<const char*>(body.data()), body.size()});
        case frame_kind::accompanied: take_descriptors(body, into); break;
        case frame_kind::message: break;
    }
    into.bytes = body;
    return true;
}

void stream_channel::meet(std::span<const std::byte> hello) {
    if (peer_) complain(errc::peer_misbehaved, "it said hello twice");
    try {
        greeting theirs = read_greeting(hello);
        require_readable(types_, theirs);
        // relaxed: a number that stands alone
        peer_takes_.store(theirs.message_bytes_max, std::memory_order_relaxed);
        peer_ = std::move(theirs);
    } catch (const error& why) {
        const std::string_view text = why.what();
        // One that is sending may wait for ever: the peer reads no more, and sees us go.
        const std::unique_lock locked{sending_, std::try_to_lock};
        if (locked) end_with(frame_kind::refusal, std::as_bytes(std::span{text}), patience::none());
        throw;
    }
}

void stream_channel::take_descriptors(std::span<const std::byte>& body, incoming& into) {
    const std::size_t count = body.empty() ? 0 : std::to_integer<std::size_t>(body.front());
    if (count == 0) complain(errc::peer_misbehaved, "a message came with no number of descriptors");
    body = body.subspan(1);
    if (descriptors_.size() < count || descriptors_lost_) {
        complain(errc::limit_reached,
                 "a message came with " + std::to_string(count) +
                     " descriptors, and they were closed; descriptors_max is " +
                     std::to_string(options_.descriptors_max));
    }
    for (std::size_t i = 0; i < count; ++i) {
        into.descriptors.push_back(std::move(descriptors_.front()));
        descriptors_.pop_front();
    }
}

// ---- reading ahead ------------------------------------------------------------------------------

// Reads something, or learns that there is no more. False: the patience ended.
bool stream_channel::fill(const patience& limit) {
    if (stream_over_) return true;
    make_room();
    // relaxed: a hint; at worst the rest is sent a call later
    const bool also_sends = any_unsent_.load(std::memory_order_relaxed);
    if (!limit.stop.stop_possible() && (!also_sends || limit.until == deadline::min())) {
        return note(read_once(limit.until));
    }
    const int bell = receive_stop_.fd_for(limit);
    const bool filled = fill_with_stop(limit, bell);
    receive_stop_.disarm();
    return filled;
}

bool stream_channel::fill_with_stop(const patience& limit, int bell) {
    while (!note(read_once(deadline::min()))) {
        if (is_over(limit)) return false;
        const bool unsent = any_unsent_.load(std::memory_order_relaxed);  // relaxed: as above
        std::array<os::awaited, 3> all{
            {{stream_->read_fd(), os::readiness::readable}, {-1, {}}, {-1, {}}}};
        if (unsent) all[1] = {stream_->write_fd(), os::readiness::writable};
        if (bell >= 0) all[2] = {bell, os::readiness::readable};
        os::wait_any_ready(all, limit.until);
        if (unsent) flush_quietly();
    }
    return true;
}

os::stream_result stream_channel::read_once(deadline until) {
    const std::span<std::byte> room{input_.data() + end_, input_.size() - end_};
    if (options_.descriptors_max == 0) return stream_->read_some(room, until);
    const auto result =
        stream_->read_with(room, until, descriptors_, options_.descriptors_max, descriptors_lost_);
    if (descriptors_.size() > 2 * options_.descriptors_max) {
        complain(errc::peer_misbehaved, "it sends descriptors without a message");
    }
    return result;
}

// Whether there was anything to note.
bool stream_channel::note(const os::stream_result& read) {
    end_ += read.bytes;
    switch (read.status) {
        case os::stream_status::moved: return true;
        case os::stream_status::timed_out: return false;
        case os::stream_status::reset: stream_broke_ = true; break;
        case os::stream_status::ended: break;
    }
    stream_over_ = true;
    return true;
}

// What one read may bring. Memory grows with what came, never with what a peer announced.
std::size_t stream_channel::wanted_bytes() const {
    const std::size_t there = end_ - begin_;
    const bool filled = end_ == input_.size() && !input_.empty();
    const std::size_t usual =
        std::clamp(filled ? 2 * input_.size() : input_.size(), read_bytes_least, read_bytes_most);
    if (there < usual) return usual;
    return 2 * there;
}

void stream_channel::make_room() {
    const std::size_t wanted = wanted_bytes();
    if (begin_ != 0) {
        if (end_ != begin_) std::memmove(input_.data(), input_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (input_.size() < wanted) input_.resize(wanted);
}

// The peer reads no more: did it say so? What it sent before is kept, up to one message, apart from
// what the user may still have in sight.
void stream_channel::look_for_end() {
    while (!stream_over_ && late_.size() <= options_.message_bytes_max) {
        const std::size_t there = late_.size();
        late_.resize(there + read_bytes_most);
        const auto read = stream_->read_some(std::span{late_}.subspan(there), deadline::min());
        late_.resize(there + read.bytes);
        if (!note({read.status, 0})) return;
    }
}

bool stream_channel::sees_end() const {
    std::vector<std::byte> all(input_.begin() + static_cast<std::ptrdiff_t>(begin_),
                               input_.begin() + static_cast<std::ptrdiff_t>(end_));
    all.insert(all.end(), late_.begin(), late_.end());
    std::span<const std::byte> rest{all};
    while (rest.size() >= frame_header::bytes) {
        const auto header = frame_header::read(rest.first<frame_header::bytes>());
        if (!header || rest.size() - frame_header::bytes < header->length) return false;
        if (header->kind == frame_kind::end) return true;
        rest = rest.subspan(frame_header::bytes + header->length);
    }
    return false;
}

void stream_channel::take_late() {
    if (late_.empty()) return;
    input_.resize(end_);
    input_.insert(input_.end(), late_.begin(), late_.end());
    end_ = input_.size();
    late_.clear();
}

void stream_channel::drop_unread() {
    const std::lock_guard locked{receiving_};
    for (std::size_t dropped = 0; !stream_over_ && dropped < dropped_bytes_max;) {
        begin_ = end_ = 0;
        make_room();
        if (!note(read_once(deadline::min()))) return;
        dropped += end_;
    }
}

// ---- sending ------------------------------------------------------------------------------------

flow stream_channel::send(const outgoing& message, const patience& limit) {
    const std::uint64_t bytes = size_of(message);
    check_sendable(message, bytes);
    const std::lock_guard locked{sending_};
    if (ended_) throw contract_violation{"send on channel '" + name_ + "' after its end was said"};
    const flow flushed = flush_unsent(limit);
    return flushed == flow::done ? send_whole(message, limit) : flushed;
}

void stream_channel::check_sendable(const outgoing& message, std::uint64_t bytes) const {
    if (bytes > options_.message_bytes_max) {
        throw error{errc::too_large, "send on channel", name_,
                    "the message has " + std::to_string(bytes) + " bytes; message_bytes_max is " +
                        std::to_string(options_.message_bytes_max)};
    }
    // relaxed: a number that stands alone
    if (const auto takes = peer_takes_.load(std::memory_order_relaxed); bytes > takes) {
        throw error{errc::too_large, "send on channel", name_,
                    "the message has " + std::to_string(bytes) + " bytes; the peer takes " +
                        std::to_string(takes)};
    }
    if (!message.descriptors.empty() && options_.frames != framing::messages) {
        throw error{errc::unsupported, "send on channel", name_,
                    "descriptors travel with framing::messages only"};
    }
    if (options_.frames != framing::lines) return;
    for (const auto part : message.parts) {
        if (std::find(part.begin(), part.end(), std::byte{'\n'}) == part.end()) continue;
        throw error{errc::bad_option, "send on channel", name_,
                    "a line has no line feed in it; send several, or use framing::bytes"};
    }
}

// Puts the header and the first bytes of the message into `frame_`; how many of the message.
std::size_t stream_channel::begin_frame(const outgoing& message, std::uint64_t bytes) {
    frame_.clear();
    const std::size_t beside = message.descriptors.size();
    if (options_.frames == framing::messages) {
        const auto kind = beside == 0 ? frame_kind::message : frame_kind::accompanied;
        const auto length = static_cast<std::uint32_t>(bytes + (beside == 0 ? 0 : 1));
        const auto header = frame_header{kind, length}.written();
        frame_.assign(header.begin(), header.end());
        if (beside != 0) frame_.push_back(static_cast<std::byte>(beside));
    }
    std::size_t copied = 0;
    for (const auto part : message.parts) {
        const std::size_t some = std::min(part.size(), copied_bytes - copied);
        frame_.insert(frame_.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(some));
        copied += some;
    }
    if (options_.frames == framing::lines && copied == bytes) frame_.push_back(std::byte{'\n'});
    return copied;
}

flow stream_channel::send_whole(const outgoing& message, const patience& limit) {
    const std::size_t copied = begin_frame(message, size_of(message));
    std::span<const std::byte> rest{frame_};
    const written first = write(rest, message.descriptors, limit);
    if (first == written::gone) return peer_gone();
    if (rest.size() == frame_.size() && !rest.empty()) return flow::timed_out;
    keep(rest);
    return write_parts(message, copied, limit);
}

// What begin_frame() did not copy, from where it lies; what is not taken in time is kept.
flow stream_channel::write_parts(const outgoing& message, std::size_t skipped,
                                 const patience& limit) {
    bool more = false;
    for (auto part : message.parts) {
        const std::size_t copied = std::min(part.size(), skipped);
        skipped -= copied;
        part = part.subspan(copied);
        if (part.empty()) continue;
        more = true;
        if (unsent_.empty() && write(part, {}, limit) == written::gone) return peer_gone();
        keep(part);
    }
    static constexpr std::array line_feed{std::byte{'\n'}};
    if (more && options_.frames == framing::lines) keep(line_feed);
    return write_unsent(limit) == written::gone ? peer_gone() : flow::done;
}

// Writes what the stream takes in time, and cuts that off `bytes`.
stream_channel::written stream_channel::write(std::span<const std::byte>& bytes,
                                              std::span<const int> descriptors,
                                              const patience& limit) {
    const int bell = send_stop_.fd_for(limit);
    const written outcome = write_with_stop(bytes, descriptors, limit, bell);
    if (bell >= 0) send_stop_.disarm();
    return outcome;
}

stream_channel::written stream_channel::write_with_stop(std::span<const std::byte>& bytes,
                                                        std::span<const int> descriptors,
                                                        const patience& limit, int bell) {
    const deadline until = bell < 0 ? limit.until : deadline::min();
    while (!bytes.empty()) {
        const auto result = descriptors.empty() ? stream_->write_some(bytes, until)
                                                : stream_->write_with(bytes, descriptors, until);
        if (result.bytes != 0) descriptors = {};
        bytes = bytes.subspan(result.bytes);
        if (result.status == os::stream_status::moved) continue;
        if (result.status != os::stream_status::timed_out) return written::gone;
        if (bell < 0 || is_over(limit)) return written::some;
        std::array<os::awaited, 2> all{
            {{stream_->write_fd(), os::readiness::writable}, {bell, os::readiness::readable}}};
        os::wait_any_ready(all, limit.until);
    }
    return written::all;
}

flow stream_channel::flush(const patience& limit) {
    const std::lock_guard locked{sending_};
    return flush_unsent(limit);
}

// For who does not send now: it is not held by a thread that does, which flushes by itself, and is
// told of a dead peer by receiving, after what that had sent.
void stream_channel::flush_quietly() try {
    const std::unique_lock locked{sending_, std::try_to_lock};
    if (locked) write_unsent(patience::none());
} catch (const error&) {
    // the stream broke, which its next use tells
}

flow stream_channel::flush_unsent(const patience& limit) {
    switch (write_unsent(limit)) {
        case written::all: return flow::done;
        case written::some: return flow::timed_out;
        case written::gone: break;
    }
    return peer_gone();
}

stream_channel::written stream_channel::write_unsent(const patience& limit) {
    written outcome = written::all;
    if (!unsent_.empty()) {
        std::span<const std::byte> rest{unsent_.data() + unsent_begin_,
                                        unsent_.size() - unsent_begin_};
        outcome = write(rest, {}, limit);
        unsent_begin_ = unsent_.size() - rest.size();
        if (outcome != written::some) forget_unsent();
    }
    if (outcome == written::all && ended_ && !shut_) {
        stream_->end_writing();
        shut_ = true;
    }
    return outcome;
}

void stream_channel::forget_unsent() {
    unsent_.clear();
    unsent_begin_ = 0;
    note_unsent(false);
}

void stream_channel::keep(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    unsent_.insert(unsent_.end(), bytes.begin(), bytes.end());
    note_unsent(true);
}

void stream_channel::put_frame(frame_kind kind, std::span<const std::byte> body) {
    keep(frame_header{kind, static_cast<std::uint32_t>(body.size())}.written());
    keep(body);
}

void stream_channel::end_sending(const patience& limit) {
    const std::lock_guard locked{sending_};
    end_with(frame_kind::end, {}, limit);
}

void stream_channel::end_with(frame_kind last, std::span<const std::byte> body,
                              const patience& limit) {
    if (!ended_ && options_.frames == framing::messages) {
        put_frame(last, body.first(std::min(body.size(), greeting_bytes_max)));
    }
    ended_ = true;
    write_unsent(limit);
}

// The stream takes no more: `ended` where the peer closed in order, else an error. Where another
// thread receives, that one learns which.
flow stream_channel::peer_gone() {
    const std::unique_lock locked{receiving_, std::try_to_lock};
    if (!locked || options_.frames != framing::messages) return flow::ended;
    look_for_end();
    if (said_end_ || sees_end()) return flow::ended;
    complain_of_death();
}

// ---- waiting ------------------------------------------------------------------------------------

void stream_channel::note_unsent(bool any) {
    // relaxed: a hint
    if (any_unsent_.exchange(any, std::memory_order_relaxed) != any) interest_.want_room(any);
}

bool stream_channel::holds_read() {
    const std::lock_guard locked{receiving_};
    return begin_ != end_ || !late_.empty() || stream_over_ || stream_->has_read_ahead();
}

int stream_channel::fd() {
    if (!set_) {
        set_.emplace();
        interest_.enter(*set_, 0);
    }
    return set_->fd();
}

bool stream_channel::ready(direction which) {
    if (which == direction::sending) return os::wait_writable(stream_->write_fd(), deadline::min());
    // relaxed: a hint; who receives flushes first
    if (any_unsent_.load(std::memory_order_relaxed) && ready(direction::sending)) return true;
    const std::lock_guard locked{receiving_};
    return (begin_ != end_ && !incomplete_) || stream_over_ || stream_->has_read_ahead() ||
           os::wait_readable(stream_->read_fd(), deadline::min());
}

std::unique_ptr<waitable> stream_channel::watch(std::shared_ptr<channel_end> self,
                                                direction which) {
    if (which == direction::receiving) return watch_stream(std::move(self), interest_);
    return watch_writable(std::move(self), stream_->write_fd());
}

}  // namespace signet::transport
