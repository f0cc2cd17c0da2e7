// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/call_batch.hpp>

#include <signet/base/error.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_session.hpp>
#include <signet/wire/special_value.hpp>

#include <algorithm>

namespace signet::pattern {
namespace {

/// Frames are sent together up to this size.
constexpr std::size_t batch_bytes = std::size_t{64} << 10;

}  // namespace

void call_batch::add(std::shared_ptr<outgoing_call> call, const call_request& request,
                     std::span<const reference> references) {
    for (const reference& one : references) {
        const std::size_t place = place_of(one.of);
        holes_.push_back({bodies_.size() + one.at, place});
        ++entries_[place].rider.uses;
    }
    call->call_it(request.method);
    std::vector<os::descriptor> files;
    for (const int one : request.descriptors) files.push_back(os::duplicate(one));
    entries_.push_back({request.arguments, request.rider, bodies_.size(), std::move(files)});
    calls_.push_back(call.get());
    owned_.push_back(std::move(call));
    bodies_.insert(bodies_.end(), request.body.begin(), request.body.end());
}

std::size_t call_batch::place_of(const outgoing_call* call) const {
    const auto found = std::find(calls_.rbegin(), calls_.rend(), call);
    if (found != calls_.rend()) return static_cast<std::size_t>(calls_.rend() - found) - 1;
    throw contract_violation{"an argument is the result of a call that is not in this batch"};
}

void call_batch::send(const transport::patience& limit) {
    if (entries_.empty()) return;
    const bool sent = try_send(limit) || try_send(limit);
    const std::string first = calls_.front()->method();
    if (sent) begin_streams();
    entries_.clear();
    calls_.clear();
    owned_.clear();
    holes_.clear();
    bodies_.clear();
    if (!sent) rethrow_as_call(peer_gone(), first, ran::no);
}

void call_batch::begin_streams() {
    for (outgoing_call* const one : calls_) one->begin_streams();
}

// False: the connection has ended, and nothing was sent. Open files go with the first of the frames
// that are sent together.
bool call_batch::try_send(const transport::patience& limit) {
    client_->enter(calls_, limit);
    const auto on = calls_.front()->on();
    fill_holes();
    const std::size_t most = std::min<std::uint64_t>(batch_bytes, on->line->frame_bytes_max());
    std::vector<std::byte> frames;
    std::vector<std::byte> next;
    std::vector<int> files;
    bool any_sent = false;
    const auto send = [&] {
        const frame_bytes whole{frames};
        const outgoing_frame together{.parts = {&whole, 1}, .descriptors = files};
        if (frames.empty()) return true;
        if (!client_->send(*on, calls_.front()->method(), together, limit)) return false;
        frames.clear();
        files.clear();
        return any_sent = true;
    };
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        next.clear();
        put_frame(next, i, limit);
        const bool alone = !entries_[i].files.empty() || frames.size() + next.size() > most;
        if (alone && !send()) return any_sent;
        for (const os::descriptor& one : entries_[i].files) files.push_back(one.get());
        frames.insert(frames.end(), next.begin(), next.end());
    }
    return send() || any_sent;
}

void call_batch::put_frame(std::vector<std::byte>& into, std::size_t which,
                           const transport::patience& limit) const {
    const frame_bytes body = body_of(which);
    const call_request request{.method = calls_[which]->method(),
                               .arguments = entries_[which].arguments,
                               .body = body,
                               .rider = entries_[which].rider};
    calls_[which]->put_head(into, request, limit);
    into.insert(into.end(), body.begin(), body.end());
}

void call_batch::fill_holes() {
    for (const hole& one : holes_) {
        wire::put_special(bodies_.data() + one.at, {wire::special::result, calls_[one.of]->id()});
    }
}

frame_bytes call_batch::body_of(std::size_t which) const {
    const std::size_t end = which + 1 < entries_.size() ? entries_[which + 1].body : bodies_.size();
    return frame_bytes{bodies_}.subspan(entries_[which].body, end - entries_[which].body);
}

}  // namespace signet::pattern
