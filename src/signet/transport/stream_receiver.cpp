// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/stream_receiver.hpp>

#include <signet/base/error.hpp>
#include <signet/os/poll.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <mutex>
#include <utility>

namespace signet::transport {
namespace {

/// What is read and thrown away when an end closes.
constexpr std::size_t dropped_bytes_max = std::size_t{1} << 20;

}  // namespace

stream_receiver::stream_receiver(byte_stream& stream, stream_sender& sender,
                                 const std::string& name, const channel_types& types,
                                 const channel_options& options)
    : stream_{stream}, sender_{sender}, name_{name}, types_{types}, options_{options} {
    if (options.waiting == life::wait_mode::eager) spinner_.share(cores_with(stream.peer()));
}

void stream_receiver::complain(errc code, const std::string& why) const {
    throw error{code, "use channel", name_, why};
}

void stream_receiver::complain_of_death() const {
    complain(errc::peer_died,
             "the other process ended without closing it; connect again when it is back");
}

// ---- a message ----------------------------------------------------------------------------------

flow stream_receiver::receive(incoming& into, const patience& limit) {
    into.bytes = {};
    into.descriptors.clear();
    if (sender_.has_unsent()) sender_.flush_quietly();
    const std::lock_guard locked{receiving_};
    input_.take_late();
    for (;;) {
        const flow taken = take_next(into);
        incomplete_ = taken == flow::timed_out;
        if (!incomplete_ || !fill(limit)) return taken;
    }
}

void stream_receiver::await_greeting(deadline until) {
    const std::lock_guard locked{receiving_};
    input_.take_late();  // it may have said hello and closed before we said ours
    incoming none;
    while (!peer_) {
        if (const auto first = next_frame()) {
            take(*first, none);
        } else if (input_.is_over()) {
            complain(errc::peer_died,
                     "the other end was gone before it said hello: it died, or does not speak "
                     "Signet's frames");
        } else if (!fill({until, {}})) {
            throw error{std::make_error_code(std::errc::timed_out), "open channel", name_,
                        "the other end did not say hello in time: it is stopped, or accepts "
                        "nobody, or does not speak Signet's frames"};
        }
    }
}

// From what was read already; `timed_out`: there is no whole message.
flow stream_receiver::take_next(incoming& into) {
    switch (options_.frames) {
        case framing::lines: return take_line(into);
        case framing::bytes: return take_bytes(into);
        case framing::messages: break;
    }
    return take_frame(into);
}

flow stream_receiver::take_frame(incoming& into) {
    while (!said_end_) {
        const auto next = next_frame();
        if (!next) break;
        if (next->kind == frame_kind::message) return into.bytes = next->body, flow::done;
        if (take(*next, into)) return flow::done;
    }
    return end_of_peer();
}

flow stream_receiver::end_of_peer() const {
    if (said_end_) return flow::ended;
    if (!input_.is_over()) return flow::timed_out;
    if (options_.frames != framing::messages && !input_.is_broken()) return flow::ended;
    complain_of_death();
}

flow stream_receiver::take_line(incoming& into) {
    const auto there = input_.unread();
    const auto fresh = there.subspan(looked_);
    const void* const feed =
        fresh.empty() ? nullptr : std::memchr(fresh.data(), '\n', fresh.size());
    if (feed != nullptr) {
        into.bytes = {there.data(), static_cast<const std::byte*>(feed)};
        input_.drop(into.bytes.size() + 1);
        looked_ = 0;
        return flow::done;
    }
    looked_ = there.size();
    if (looked_ > options_.message_bytes_max) {
        complain(errc::too_large, "a line is longer than message_bytes_max, which is " +
                                      std::to_string(options_.message_bytes_max));
    }
    return input_.is_over() && looked_ != 0 ? take_bytes(into) : end_of_peer();
}

flow stream_receiver::take_bytes(incoming& into) {
    const auto there = input_.unread();
    if (there.empty()) return end_of_peer();
    into.bytes = there.first(std::min<std::uint64_t>(there.size(), options_.message_bytes_max));
    input_.drop(into.bytes.size());
    looked_ = 0;
    // Beside bytes come those that were sent with them, or with bytes before.
    std::move(descriptors_.begin(), descriptors_.end(), std::back_inserter(into.descriptors));
    descriptors_.clear();
    return flow::done;
}

// ---- frames -------------------------------------------------------------------------------------

// The next one, where it is there whole.
std::optional<stream_receiver::frame> stream_receiver::next_frame() {
    const auto there = input_.unread();
    if (there.size() < frame_header::bytes) return std::nullopt;
    const auto header = frame_header::read(there.first<frame_header::bytes>());
    check(header);
    const auto rest = there.subspan(frame_header::bytes);
    if (rest.size() < header->length) return std::nullopt;
    input_.drop(frame_header::bytes + header->length);
    return frame{header->kind, rest.first(header->length)};
}

// What no correct peer writes, before anything is done about it.
void stream_receiver::check_unusual(const std::optional<frame_header>& header) const {
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

std::uint64_t stream_receiver::most_after(frame_kind kind) const noexcept {
    switch (kind) {
        case frame_kind::end: return 0;
        case frame_kind::hello:
        case frame_kind::refusal: return greeting_bytes_max;
        case frame_kind::accompanied: return options_.message_bytes_max + 1;
        case frame_kind::message: break;
    }
    return options_.message_bytes_max;
}

// Whether it was a message.
bool stream_receiver::take(const frame& one, incoming& into) {
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

void stream_receiver::meet(std::span<const std::byte> hello) {
    if (peer_) complain(errc::peer_misbehaved, "it said hello twice");
    try {
        greeting theirs = read_greeting(hello);
        require_readable(types_, theirs);
        sender_.limit_to(theirs.message_bytes_max);
        peer_ = std::move(theirs);
    } catch (const error& why) {
        sender_.refuse(why.what());
        throw;
    }
}

void stream_receiver::take_descriptors(std::span<const std::byte>& body, incoming& into) {
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
bool stream_receiver::fill(const patience& limit) {
    if (input_.is_over()) return true;
    if (limit.until == deadline::min()) return read_once(limit.until);
    bool filled = false;
    const auto looks = [&] {
        return (filled = read_once(deadline::min())) || limit.stop.stop_requested();
    };
    const bool spins = spinner_.asks_kernel() && !sender_.has_unsent();
    if (spins && spinner_.spin_by_calls(looks, limit.until)) return filled;
    spinner_.learn_from([&] { filled = await_bytes(limit); });
    return filled;
}

bool stream_receiver::await_bytes(const patience& limit) {
    if (!limit.stop.stop_possible() && !sender_.has_unsent()) return read_once(limit.until);
    const int bell = stop_.fd_for(limit);
    const bool filled = fill_with_stop(limit, bell);
    stop_.disarm();
    return filled;
}

bool stream_receiver::fill_with_stop(const patience& limit, int bell) {
    while (!read_once(deadline::min())) {
        if (is_over(limit)) return false;
        const bool unsent = sender_.has_unsent();
        std::array<os::awaited, 3> all{
            {{stream_.read_fd(), os::readiness::readable}, {-1, {}}, {-1, {}}}};
        if (unsent) all[1] = {stream_.write_fd(), os::readiness::writable};
        if (bell >= 0) all[2] = {bell, os::readiness::readable};
        os::wait_any_ready(all, limit.until);
        if (unsent) sender_.flush_quietly();
    }
    return true;
}

// Whether there was anything.
bool stream_receiver::read_once(deadline until) {
    const std::span<std::byte> room = input_.room();
    return input_.note(options_.descriptors_max == 0 ? stream_.read_some(room, until)
                                                     : read_with_descriptors(room, until));
}

os::stream_result stream_receiver::read_with_descriptors(std::span<std::byte> room,
                                                         deadline until) {
    const auto result =
        stream_.read_with(room, until, descriptors_, options_.descriptors_max, descriptors_lost_);
    if (descriptors_.size() > 2 * options_.descriptors_max) {
        complain(errc::peer_misbehaved, "it sends descriptors without a message");
    }
    return result;
}

bool stream_receiver::ready() {
    const std::lock_guard locked{receiving_};
    return (!input_.unread().empty() && !incomplete_) || input_.is_over() ||
           stream_.has_read_ahead() || os::wait_readable(stream_.read_fd(), deadline::min());
}

bool stream_receiver::holds_read() {
    const std::lock_guard locked{receiving_};
    return !input_.unread().empty() || input_.has_late() || input_.is_over() ||
           stream_.has_read_ahead();
}

// ---- the end ------------------------------------------------------------------------------------

// Did it say so? What it sent before is kept, up to one message.
flow stream_receiver::judge_gone_peer() {
    const guest_lock::visit visit{receiving_};
    if (!visit || options_.frames != framing::messages) return flow::ended;
    input_.read_late(options_.message_bytes_max, [this](std::span<std::byte> room) {
        return stream_.read_some(room, deadline::min());
    });
    if (said_end_ || sees_end()) return flow::ended;
    complain_of_death();
}

bool stream_receiver::sees_end() const {
    const std::vector<std::byte> all = input_.all();
    std::span<const std::byte> rest{all};
    while (rest.size() >= frame_header::bytes) {
        const auto header = frame_header::read(rest.first<frame_header::bytes>());
        if (!header || rest.size() - frame_header::bytes < header->length) return false;
        if (header->kind == frame_kind::end) return true;
        rest = rest.subspan(frame_header::bytes + header->length);
    }
    return false;
}

void stream_receiver::drop_unread() {
    const std::lock_guard locked{receiving_};
    for (std::size_t dropped = 0; !input_.is_over() && dropped < dropped_bytes_max;) {
        input_.drop(input_.unread().size());
        if (!read_once(deadline::min())) return;
        dropped += input_.unread().size();
    }
}

}  // namespace signet::transport
