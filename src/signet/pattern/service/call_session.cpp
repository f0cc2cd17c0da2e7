// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/call_session.hpp>

#include <signet/base/error.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_error.hpp>
#include <signet/wire/special_value.hpp>

#include <algorithm>
#include <string>

namespace signet::pattern {
namespace {

/// That one end writes at a time.
constexpr std::size_t streams_max = 1024;

/// What is kept of items beyond the windows of all streams of a connection: this, or a few frames.
constexpr std::int64_t excess_max = std::int64_t{64} << 20;
constexpr std::int64_t excess_frames_max = 4;

/// Functions called back, of one call, that wait until its thread runs them.
constexpr std::size_t callbacks_max = 1024;

[[noreturn]] void complain(const std::string& why) {
    throw error{errc::peer_misbehaved, "read call", {}, why};
}

/// The numbers that stand first among the arguments.
template <class... Number>
std::span<const std::byte> take_numbers(const wire::rpc_frame& frame, Number&... into) {
    wire::detail::cursor from{frame.body};
    if (frame.arguments < sizeof...(into) || !(from.take_number(into) && ...)) {
        complain("a '" + std::string{frame.method} + "' without its numbers");
    }
    return from.rest();
}

}  // namespace

// ---- calls --------------------------------------------------------------------------------------

void calls_by_id::enter(outgoing_call& call) {
    if (2 * count_ >= slots_.size()) grow();
    while (slots_[place_of(next_)] != nullptr) ++next_;
    call.id_ = next_++;
    slots_[place_of(call.id_)] = &call;
    ++count_;
}

// Ids that fell on different places do so in twice as many.
void calls_by_id::grow() {
    std::vector<outgoing_call*> before = std::exchange(slots_, {});
    slots_.resize(2 * before.size());
    for (outgoing_call* const one : before) {
        if (one != nullptr) slots_[place_of(one->id_)] = one;
    }
}

outgoing_call* calls_by_id::waiting(std::uint32_t id) const noexcept {
    outgoing_call* const call = slots_[place_of(id)];
    return call != nullptr && call->id_ == id && !call->done_ ? call : nullptr;
}

void calls_by_id::leave(std::uint32_t id) {
    slots_[place_of(id)] = nullptr;
    --count_;
}

void call_session::complete(outgoing_call& call) {
    call.done_ = true;
    call.tell();
}

// Open files that came with an answer nobody waits for are closed again.
std::optional<std::uint32_t> call_session::take_response(const wire::rpc_frame& frame) {
    const auto came = wire::read_special(frame.body);
    std::vector<os::descriptor> files;
    if (came.kind == wire::special::descriptor) files = line->take_descriptors(1);
    outgoing_call* const call = calls.waiting(frame.id);
    const bool has_stream = came.kind == wire::special::stream;
    if (call == nullptr) return has_stream ? std::optional{came.number} : std::nullopt;
    if (has_stream) call->came().stream = begin_reading(came.number);
    if (!files.empty()) call->came().descriptors = std::move(files);
    call->answer_.assign(frame.body);
    call->error_.assign(frame.error);
    complete(*call);
    return std::nullopt;
}

bool call_session::hand_back(std::uint32_t number, const std::shared_ptr<incoming_call>& call) {
    const auto found = functions_.find(number);
    if (found == functions_.end()) return false;
    if (found->second->came().called_back.size() >= callbacks_max) {
        complain("it calls back more than is answered");
    }
    found->second->came().called_back.push_back(call);
    found->second->tell();
    return true;
}

// ---- streams ------------------------------------------------------------------------------------

std::shared_ptr<incoming_stream> call_session::begin_reading(std::uint32_t number) {
    if (reading_.contains(number)) complain("two streams have one number");
    if (reading_.size() >= streams_max) complain("it writes more streams than one end may");
    auto made = std::make_shared<incoming_stream>(shared_from_this(), number);
    reading_.emplace(number, made.get());
    return made;
}

void call_session::stop_reading(std::uint32_t number, const incoming_stream& stream) {
    if (reading(number) == &stream) reading_.erase(number);
}

incoming_stream* call_session::reading(std::uint32_t number) const {
    const auto found = reading_.find(number);
    return found == reading_.end() ? nullptr : found->second;
}

bool call_session::writes_enough() const noexcept {
    return writing_.size() >= streams_max;
}

void call_session::note_excess(std::int64_t bytes) {
    const auto frames = static_cast<std::int64_t>(line->frame_bytes_max());
    excess_ += bytes;
    if (bytes > 0 && excess_ > std::max(excess_max, excess_frames_max * frames)) {
        complain("it is too far ahead of who reads its streams");
    }
}

void call_session::begin_writing(const std::shared_ptr<outgoing_stream>& stream) {
    stream->begin(shared_from_this());
    writing_.emplace(stream->number(), stream);
}

std::shared_ptr<outgoing_stream> call_session::stop_writing(std::uint32_t number) {
    const auto found = writing_.find(number);
    if (found == writing_.end()) return nullptr;
    auto stream = std::move(found->second);
    writing_.erase(found);
    return stream;
}

bool call_session::take_notification(const wire::rpc_frame& frame) {
    if (frame.method == item_method) return take_item(frame), true;
    if (frame.method == end_method) return take_end(frame), true;
    if (frame.method == more_method) return take_credit(frame), true;
    if (frame.method == drop_method) return take_drop(frame), true;
    return false;
}

// A reader that has left is told of no more; what was on its way is passed over.
void call_session::take_item(const wire::rpc_frame& frame) {
    std::uint32_t number = 0;
    const auto item = take_numbers(frame, number);
    if (incoming_stream* const stream = reading(number)) stream->put(item);
}

// It is none of those that are written any more: only its reader has it from here on.
void call_session::take_end(const wire::rpc_frame& frame) {
    std::uint32_t number = 0;
    const auto rest = take_numbers(frame, number);
    incoming_stream* const stream = reading(number);
    if (stream == nullptr) return;
    std::exception_ptr why;
    if (!rest.empty()) why = as_exception("stream", wire::read_failure(rest));
    reading_.erase(number);
    stream->end(why);
}

void call_session::take_credit(const wire::rpc_frame& frame) {
    std::uint32_t number = 0;
    std::int64_t bytes = 0;
    take_numbers(frame, number, bytes);
    const auto found = writing_.find(number);
    if (found != writing_.end()) found->second->allow(bytes);
}

void call_session::take_drop(const wire::rpc_frame& frame) {
    std::uint32_t number = 0;
    take_numbers(frame, number);
    const auto found = writing_.find(number);
    if (found != writing_.end()) found->second->stop();
}

std::vector<std::shared_ptr<outgoing_stream>> call_session::take_streams() {
    std::vector<std::shared_ptr<outgoing_stream>> all;
    for (auto& [number, stream] : std::exchange(writing_, {})) all.push_back(std::move(stream));
    return all;
}

// ---- the end ------------------------------------------------------------------------------------

namespace {

/// Of its own, for who keeps it and gives it up in another thread.
std::exception_ptr copy_of(const std::exception_ptr& why) try {
    std::rethrow_exception(why);
} catch (const error& e) {
    return std::make_exception_ptr(error{e.code(), e.operation(), e.subject(), e.advice()});
} catch (...) {
    return why;
}

}  // namespace

void call_session::end(const std::exception_ptr& why) {
    over = true;
    calls.for_each_waiting([&](outgoing_call& call) {
        call.failure_ = copy_of(why);
        complete(call);
    });
    for (const auto& [number, stream] : reading_) stream->end(copy_of(why));
    for (const auto& [number, stream] : writing_) stream->stop();
}

}  // namespace signet::pattern
