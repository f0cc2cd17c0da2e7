// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/outgoing_call.hpp>

#include <signet/base/error.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_error.hpp>
#include <signet/pattern/service/call_session.hpp>
#include <signet/pattern/service/incoming_call.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/wire/arguments.hpp>

#include <array>

namespace signet::pattern {
namespace {

using transport::patience;

std::uint64_t nanoseconds_until(deadline until) {
    const auto left = until - clock::now();
    return left.count() > 0 ? static_cast<std::uint64_t>(left.count()) : 0;
}

void require_plain(const call_request& request) {
    if (request.rider.specials == 0) return;
    throw call_error{errc::unsupported, request.method,
                     "streams, functions and open files are for servers of Signet's", ran::no};
}

/// The head of the request that this thread is sending.
std::vector<std::byte>& head_room() {
    static thread_local std::vector<std::byte> room;
    room.clear();
    return room;
}

}  // namespace

outgoing_call::~outgoing_call() {
    if (on_ != nullptr) give_up();
}

std::shared_ptr<call_session> outgoing_call::on() const {
    return on_ == nullptr ? nullptr : on_->shared_from_this();
}

// ---- sending ------------------------------------------------------------------------------------

void outgoing_call::lend(std::uint32_t number, method_body body) {
    lent().callbacks.emplace_back(number, std::move(body));
}

void outgoing_call::lend(std::shared_ptr<outgoing_stream> stream) {
    lent().streams.push_back(std::move(stream));
}

void outgoing_call::enter(call_session& on) {
    if (on_ != nullptr) leave();
    if (lent_ && !lent_->streams.empty() && on.writes_enough()) {
        throw call_error{errc::limit_reached, method_, "too many streams are written already",
                         ran::no};
    }
    on.calls.enter(*this);
    on_ = &on;
    done_ = false;
    failure_ = nullptr;
    if (!lent_) return;
    for (const callback& one : lent_->callbacks) on_->enter_function(one.first, *this);
    for (const auto& one : lent_->streams) on_->begin_writing(one);
}

void outgoing_call::put_head(std::vector<std::byte>& into, const call_request& request,
                             const patience& limit) const {
    if (!on_->knows_extensions()) require_plain(request);
    wire::rpc_rider rider = on_->knows_extensions() ? request.rider : wire::rpc_rider{};
    if (on_->knows_extensions() && limit.until != never) {
        rider.nanoseconds_left = nanoseconds_until(limit.until);
    }
    wire::put_request_head(into, id_, request.method, rider, request.arguments);
}

bool outgoing_call::send(const call_request& request, const patience& limit) try {
    std::vector<std::byte>& head = head_room();
    put_head(head, request, limit);
    const std::array<frame_bytes, 2> parts{head, request.body};
    const outgoing_frame frame{.parts = parts, .descriptors = request.descriptors};
    if (on_->host.send(*on_, request.method, frame, limit)) return begin_streams(), true;
    forget();
    return false;
} catch (...) {
    forget();
    throw;
}

void outgoing_call::begin_streams() {
    if (!lent_ || lent_->streams.empty()) return;
    const auto begun = std::exchange(lent_->streams, {});  // until the mutex is given up
    const std::lock_guard locked{on_->host.mutex()};
    for (const auto& one : begun) {
        if (one->pumped()) on_->host.resume(one);
    }
}

void outgoing_call::forget() {
    const std::lock_guard locked{on_->host.mutex()};
    leave();
}

void outgoing_call::leave() {
    call_session& on = *std::exchange(on_, nullptr);
    on.calls.leave(id_);
    if (!lent_) return;
    for (const callback& one : lent_->callbacks) on.leave_function(one.first);
    for (const auto& one :
         lent_->streams) {  // which nobody was told of: they may go with another call
        on.stop_writing(one->number());
        one->begin(nullptr);
    }
}

// ---- waiting ------------------------------------------------------------------------------------

void outgoing_call::finish(const patience& limit) {
    if (on_ == nullptr) return require_done();
    call_session& on = *on_;
    call_host::lock locked{on.host.mutex()};
    for (;;) {
        on.host.await(locked, on, *this, limit);
        if (done_) return end_waiting(locked);
        if (!is_called_back()) break;
        call_back(locked);
    }
    locked.unlock();
    give_up();
    throw given_up(limit, method_, ran::maybe);
}

void outgoing_call::require_done() const {
    if (done_) return;
    throw contract_violation{"wait for '" + method_ + "', which was not sent, or was given up"};
}

bool outgoing_call::try_finish() {
    if (on_ == nullptr) return true;
    call_session& on = *on_;
    call_host::lock locked{on.host.mutex()};
    while (on.host.try_await(locked, on, *this)) {
        if (done_) return end_waiting(locked), true;
        call_back(locked);
    }
    return false;
}

bool outgoing_call::settle() {
    if (!done_) return false;
    if (on_ != nullptr) leave();
    return true;
}

void outgoing_call::end_waiting(call_host::lock& locked) {
    leave();
    refuse_rest(locked);
}

void outgoing_call::call_back(call_host::lock& locked) {
    const auto call = std::move(came_->called_back.front());
    came_->called_back.pop_front();
    locked.unlock();
    for (callback& one : lent_->callbacks) {
        if (one.first == call->function()) run_and_answer(call, one.second);
    }
    locked.lock();
}

// What was called back when the answer was on its way already.
void outgoing_call::refuse_rest(call_host::lock& locked) {
    if (!is_called_back()) return locked.unlock();
    const auto rest = std::exchange(came_->called_back, {});
    locked.unlock();
    for (const auto& call : rest) call->refuse_callback();
}

frame_bytes outgoing_call::result() const {
    if (failure_) rethrow_as_call(failure_, method_, ran::maybe);
    if (!error_.view().empty()) throw_failure(method_, wire::read_failure(error_.view()));
    return answer_.view();
}

std::optional<wire::rpc_failure> outgoing_call::failure() const {
    if (!error_.view().empty()) return wire::read_failure(error_.view());
    if (!failure_) return std::nullopt;
    return wire::rpc_failure{
        .code = std::string{code::unreachable},
        .type = {},
        .text = "the server it was forwarded to closed the connection, or died",
        .ran = {}};
}

void outgoing_call::give_up() {
    const auto on = this->on();
    forget();
    if (is_called_back()) {
        for (const auto& call : std::exchange(came_->called_back, {})) call->refuse_callback();
    }
    if (!on->knows_extensions()) return;
    std::vector<std::byte> cancel;
    wire::put_notification_head(cancel, cancel_method, {}, 1);
    wire::append_value(cancel, id_);
    const frame_bytes whole{cancel};
    try {
        on->host.tell(*on, {.parts = {&whole, 1}});
    } catch (const error&) {
        // the connection has ended, which cancels as well
    }
}

}  // namespace signet::pattern
