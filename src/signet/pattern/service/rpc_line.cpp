// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/rpc_line.hpp>

#include <signet/base/error.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace signet::pattern {
namespace {

using transport::flow;
using transport::patience;

/// Small frames are put together up to this size.
constexpr std::size_t together_bytes = std::size_t{32} << 10;

void append_parts(std::vector<std::byte>& into, std::span<const frame_bytes> parts) {
    for (const auto part : parts) into.insert(into.end(), part.begin(), part.end());
}

std::size_t size_of(std::span<const frame_bytes> parts) {
    std::size_t bytes = 0;
    for (const auto part : parts) bytes += part.size();
    return bytes;
}

}  // namespace

// ---- receiving ----------------------------------------------------------------------------------

flow rpc_line::receive(arrived_frame& into, const patience& limit) {
    while (!take_read(into)) {
        transport::incoming got;
        const flow became = end_->receive(got, limit);
        if (became != flow::done) return became;
        if (is_plain(got, into)) return flow::done;
        take_in(got);
    }
    return flow::done;
}

// What arrived alone and has nothing beside it is a frame as it lies there: most are.
bool rpc_line::is_plain(const transport::incoming& got, arrived_frame& into) const {
    if (splitter_.holds() || json_ || names_ || !got.descriptors.empty()) return false;
    if (got.bytes.size() > shape_.frame_bytes_max) return false;
    into.bytes = got.bytes;
    return wire::read_plain_frame(got.bytes, into.what);
}

bool rpc_line::split_off(arrived_frame& into) {
    const auto next = json_ ? json_->next() : splitter_.next();
    may_have_read_ = next.has_value() && (json_ || splitter_.holds());
    if (next) into = {*next, wire::read_rpc_frame(*next)};
    if (!next && shape_.frames == rpc_framing::messages && splitter_.amid()) {
        throw error{errc::peer_misbehaved, "read call", {}, "a message ends before its frame does"};
    }
    return next.has_value();
}

void rpc_line::take_in(transport::incoming& got) {
    give(got.bytes);
    // What came before are those of the frame that is not whole yet.
    const bool too_many = descriptors_.size() > shape_.descriptors_max;
    for (os::descriptor& one : got.descriptors) descriptors_.push_back(std::move(one));
    if (too_many && !got.descriptors.empty()) {
        throw error{
            errc::peer_misbehaved, "read call", {}, "open files came that belong to no call"};
    }
}

void rpc_line::give(frame_bytes bytes) {
    may_have_read_ = true;
    if (names_ && !bytes.empty()) choose_language(bytes.front());
    json_ ? json_->give(bytes) : splitter_.give(bytes);
}

void rpc_line::choose_language(std::byte first) {
    if (shape_.frames == rpc_framing::stream && wire::json_rpc::begins(first)) {
        json_ = std::make_unique<wire::json_rpc>(shape_.frame_bytes_max, std::move(names_));
    }
    names_ = nullptr;
}

std::vector<os::descriptor> rpc_line::take_descriptors(std::size_t count) {
    if (count > descriptors_.size()) {
        throw error{errc::peer_misbehaved,
                    "read call",
                    {},
                    "it comes with " + std::to_string(count) +
                        " open files that did not arrive; descriptors_max is how many we take"};
    }
    const auto end = descriptors_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<os::descriptor> taken{std::make_move_iterator(descriptors_.begin()),
                                      std::make_move_iterator(end)};
    descriptors_.erase(descriptors_.begin(), end);
    return taken;
}

// ---- sending ------------------------------------------------------------------------------------

flow rpc_line::try_send(const outgoing_frame& frame, bool& partly) {
    const std::lock_guard locked{sending_};
    if (drain_locked()) return flow::timed_out;
    const flow became =
        end_->send({.parts = frame.parts, .descriptors = frame.descriptors}, patience::none());
    partly = became == flow::done && end_->flush(patience::none()) == flow::timed_out;
    return became;
}

flow rpc_line::flush() {
    const std::lock_guard locked{sending_};
    if (drain_locked()) return flow::timed_out;
    return end_->flush(patience::none());
}

posted rpc_line::post(const outgoing_frame& frame, bool more_to_come) {
    if (json_) return post_as_json(frame, more_to_come);
    const std::lock_guard locked{sending_};
    if (broken_) return posted::lost;
    const std::size_t bytes = size_of(frame.parts);
    if (bytes > shape_.frame_bytes_max) complain_of_size(bytes);
    if (!more_to_come && kept_.empty()) {
        send_or_keep(frame);
        return state();
    }
    keep(frame);
    return post_kept(more_to_come);
}

// The answers of a batch may be larger than a frame; in a stream they go in pieces.
posted rpc_line::post_as_json(const outgoing_frame& frame, bool more_to_come) {
    std::vector<std::byte> whole;
    append_parts(whole, frame.parts);
    const std::string text = json_->answer(whole);
    const std::lock_guard locked{sending_};
    if (broken_) return posted::lost;
    for (frame_bytes left = std::as_bytes(std::span{text}); !left.empty();) {
        const auto piece = left.first(std::min<std::uint64_t>(left.size(), shape_.frame_bytes_max));
        keep({.parts = {&piece, 1}});
        left = left.subspan(piece.size());
    }
    return post_kept(more_to_come);
}

posted rpc_line::post_kept(bool more_to_come) {
    if (more_to_come) return posted::sent;
    drain_locked();
    return state();
}

posted rpc_line::state() const {
    if (broken_) return posted::lost;
    return kept_.empty() ? posted::sent : posted::kept;
}

void rpc_line::send_or_keep(const outgoing_frame& frame) {
    flow became = flow::ended;
    try {
        became =
            end_->send({.parts = frame.parts, .descriptors = frame.descriptors}, patience::none());
    } catch (const error& e) {
        // The other end takes less than we do, or no open files.
        if (e.code() == errc::too_large || e.code() == errc::unsupported) throw;
        // who receives learns why
    }
    broken_ = became == flow::ended;
    if (became == flow::timed_out) keep(frame);
}

void rpc_line::complain_of_size(std::size_t bytes) const {
    throw error{errc::too_large,
                "send call",
                {},
                "it has " + std::to_string(bytes) + " bytes; message_bytes_max is " +
                    std::to_string(shape_.frame_bytes_max)};
}

void rpc_line::keep(const outgoing_frame& frame) {
    const std::size_t bytes = size_of(frame.parts);
    const std::uint64_t most = std::min<std::uint64_t>(together_bytes, shape_.frame_bytes_max);
    std::vector<os::descriptor> files;
    for (const int one : frame.descriptors) files.push_back(os::duplicate(one));
    const bool fits = !kept_.empty() && kept_.back().bytes.size() + bytes <= most;
    if (!fits || !files.empty()) kept_.emplace_back();
    if (!files.empty()) kept_.back().descriptors = std::move(files);
    append_parts(kept_.back().bytes, frame.parts);
    keeps_any_.store(true, std::memory_order_relaxed);  // relaxed: as in drain()
}

bool rpc_line::drain() {
    if (!keeps_any_.load(std::memory_order_relaxed)) return false;  // relaxed: a hint
    const std::lock_guard locked{sending_};
    return drain_locked();
}

bool rpc_line::drain_locked() {
    if (kept_.empty()) return false;
    try {
        while (!kept_.empty() && !broken_) {
            const flow became = send_kept(kept_.front());
            if (became == flow::timed_out) return true;
            broken_ = became == flow::ended;
            kept_.pop_front();
        }
    } catch (const error&) {
        broken_ = true;  // who receives learns why
    }
    if (broken_) kept_.clear();
    keeps_any_.store(false, std::memory_order_relaxed);  // relaxed: as in drain()
    return false;
}

flow rpc_line::send_kept(const kept_frames& next) {
    const frame_bytes bytes{next.bytes};
    std::vector<int> numbers;
    for (const os::descriptor& one : next.descriptors) numbers.push_back(one.get());
    return end_->send({.parts = {&bytes, 1}, .descriptors = numbers}, patience::none());
}

bool rpc_line::keeps() const {
    const std::lock_guard locked{sending_};
    return !kept_.empty();
}

}  // namespace signet::pattern
