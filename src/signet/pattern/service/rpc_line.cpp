// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/rpc_line.hpp>

#include <signet/base/error.hpp>

#include <algorithm>
#include <string>

namespace signet::pattern {
namespace {

using transport::flow;
using transport::patience;

/// Small frames are put together up to this size.
constexpr std::size_t together_bytes = std::size_t{32} << 10;

std::size_t size_of(std::span<const frame_bytes> parts) {
    std::size_t bytes = 0;
    for (const auto part : parts) bytes += part.size();
    return bytes;
}

}  // namespace

// ---- receiving ----------------------------------------------------------------------------------

flow rpc_line::receive(frame_bytes& into, const patience& limit) {
    for (;;) {
        if (take_read(into)) return flow::done;
        const flow became = read(limit);
        if (became != flow::done) return became;
    }
}

bool rpc_line::take_read(frame_bytes& into) {
    const auto next = splitter_.next();
    if (next) into = *next;
    if (!next && frames_ == rpc_framing::messages && splitter_.amid()) {
        throw error{errc::peer_misbehaved, "read call", {}, "a message ends before its frame does"};
    }
    return next.has_value();
}

flow rpc_line::read(const patience& limit) {
    transport::incoming got;
    const flow became = end_->receive(got, limit);
    if (became == flow::done) splitter_.give(got.bytes);
    return became;
}

// ---- sending ------------------------------------------------------------------------------------

flow rpc_line::try_send(std::span<const frame_bytes> parts) {
    const std::lock_guard locked{sending_};
    return end_->send({.parts = parts}, patience::none());
}

flow rpc_line::flush() {
    const std::lock_guard locked{sending_};
    return end_->flush(patience::none());
}

posted rpc_line::post(std::span<const frame_bytes> parts, bool more_to_come) {
    const std::lock_guard locked{sending_};
    if (broken_) return posted::lost;
    if (more_to_come || !kept_.empty()) {
        if (size_of(parts) > frame_bytes_max_) complain_of_size(size_of(parts));
        keep(parts);
        if (more_to_come) return posted::sent;
        drain_locked();
    } else {
        send_or_keep(parts);
    }
    if (broken_) return posted::lost;
    return kept_.empty() ? posted::sent : posted::kept;
}

void rpc_line::send_or_keep(std::span<const frame_bytes> parts) {
    if (size_of(parts) > frame_bytes_max_) complain_of_size(size_of(parts));
    try {
        const flow became = end_->send({.parts = parts}, patience::none());
        broken_ = became == flow::ended;
        if (became == flow::timed_out) keep(parts);
    } catch (const error& e) {
        if (e.code() == errc::too_large) throw;  // the other end takes less than we do
        broken_ = true;                          // who receives learns why
    }
}

void rpc_line::complain_of_size(std::size_t bytes) const {
    throw error{errc::too_large,
                "send call",
                {},
                "it has " + std::to_string(bytes) + " bytes; message_bytes_max is " +
                    std::to_string(frame_bytes_max_)};
}

void rpc_line::keep(std::span<const frame_bytes> parts) {
    const std::size_t bytes = size_of(parts);
    const std::uint64_t most = std::min<std::uint64_t>(together_bytes, frame_bytes_max_);
    if (kept_.empty() || kept_.back().size() + bytes > most) kept_.emplace_back();
    std::vector<std::byte>& last = kept_.back();
    for (const auto part : parts) last.insert(last.end(), part.begin(), part.end());
}

bool rpc_line::drain() {
    const std::lock_guard locked{sending_};
    return drain_locked();
}

bool rpc_line::drain_locked() {
    try {
        while (!kept_.empty() && !broken_) {
            const frame_bytes next{kept_.front()};
            const flow became = end_->send({.parts = {&next, 1}}, patience::none());
            if (became == flow::timed_out) return true;
            broken_ = became == flow::ended;
            kept_.pop_front();
        }
    } catch (const error&) {
        broken_ = true;  // who receives learns why
    }
    if (broken_) kept_.clear();
    return false;
}

bool rpc_line::keeps() const {
    const std::lock_guard locked{sending_};
    return !kept_.empty();
}

}  // namespace signet::pattern
