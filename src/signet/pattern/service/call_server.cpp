// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/call_server.hpp>

#include <signet/base/error.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/transport/patient_wait.hpp>

#include <chrono>
#include <utility>

namespace signet::pattern {
namespace {

using transport::patience;

/// Replies wait for those of methods that take no longer.
constexpr std::chrono::microseconds quick_time{20};

/// How long they take is looked at once in so many calls.
constexpr std::uint32_t calls_per_look = 16;

/// The result of the call that this thread runs; methods do not nest in it.
class result_room {
public:
    result_room() : room_{std::exchange(spare(), {})} { room_.clear(); }
    ~result_room() {
        if (room_.capacity() <= kept_bytes_max) spare() = std::move(room_);
    }
    result_room(const result_room&) = delete;
    result_room& operator=(const result_room&) = delete;

    std::vector<std::byte>& bytes() noexcept { return room_; }

private:
    static constexpr std::size_t kept_bytes_max = std::size_t{64} << 10;

    static std::vector<std::byte>& spare() {
        static thread_local std::vector<std::byte> one;
        return one;
    }

    std::vector<std::byte> room_;
};

frame_bytes value_in(const std::vector<std::byte>& answer) {
    return wire::read_rpc_frame(answer).body;
}

}  // namespace

call_server::call_server(const server_options& options)
    : options_{options}, set_{options.waiting} {}

// Calls, streams and their connections hold each other.
call_server::~call_server() {
    stop();
    lock locked{mutex_};
    closing_ = true;
    attendant_wanted_.post();
    locked.unlock();
    if (attendant_.joinable()) attendant_.join();
    close_forwards();
    const auto turn_away = [&](const incoming_call& call) {
        refuse(call, code::closing, "its server was closed");
    };
    while (!queue_.empty()) {
        const piece_of_work left = queue_.pop();
        if (left.call) turn_away(*left.call);
    }
    for (const auto& [key, line] : lines_) {
        locked.lock();
        line->end(peer_gone());
        const auto calls = std::exchange(line->at_work, {});
        const auto dependents = std::exchange(line->dependents, {});
        const auto streams = line->take_streams();
        locked.unlock();
        for (const auto& [id, one] : dependents) turn_away(*one);
        for (const call_ptr& one : calls) one->drop_rest();
    }
}

void call_server::handle(std::string name, method_body body, wire::method_signature what) {
    require_free(name);
    what.name = name;
    const std::lock_guard locked{mutex_};
    const auto [at, fresh] =
        methods_.try_emplace(std::move(name), method{std::move(body), std::move(what)});
    if (!fresh) throw contract_violation{"handle '" + at->first + "': it is handled already"};
}

std::vector<wire::method_signature> call_server::describe() const {
    const std::lock_guard locked{mutex_};
    std::vector<wire::method_signature> all;
    for (const auto& [name, what] : methods_) all.push_back(what.signature);
    return all;
}

server_counts call_server::counts() const {
    const std::lock_guard locked{mutex_};
    server_counts now = counts_;
    now.queued = queue_.size();
    return now;
}

// ---- serving ------------------------------------------------------------------------------------

bool call_server::serve(const patience& limit) {
    lock locked{mutex_};
    ++serving_;
    while (work(locked, limit)) run_next(locked);
    --serving_;
    wake_one();
    return stopping_;
}

// Until there is something in the queue: true. Looks once, however short the patience.
bool call_server::work(lock& locked, const patience& limit) {
    for (bool looked = false; !stopping_ && queue_.empty(); looked = true) {
        if (looked && transport::is_over(limit)) return false;
        reading_ ? follow(locked, limit, nullptr) : read(locked, limit, nullptr);
    }
    return !stopping_;
}

void call_server::stop() {
    const std::lock_guard locked{mutex_};
    stopping_ = true;
    wake_all();
    set_.wake();
}

// Whoever reads, or waits for a reason to.
void call_server::wake_reader() {
    if (reading_ || in_loop_) set_.wake();
}

void call_server::run_next(lock& locked) {
    const piece_of_work next = queue_.pop();
    if (!reading_ || !queue_.empty()) wake_one();
    if (next.call) return run_call(locked, next.call);
    locked.unlock();
    next.stream->pump();
    locked.lock();
}

void call_server::run_call(lock& locked, const call_ptr& call) {
    const filling filled = fill_in(call);
    if (filled == filling::waits) {
        locked.unlock();
        uncork(line_of(*call));
        locked.lock();
        return;
    }
    method* const what = find_method(call->frame().method);
    const bool alone = serving_ == 1 || in_loop_;
    const bool corks = alone && quick_one_follows(*call);
    const bool measured = alone && what != nullptr && what->calls++ % calls_per_look == 0;
    std::optional<wire::rpc_failure> failure = why_unwanted(filled, *call);
    const bool runs = !failure && what != nullptr;
    locked.unlock();
    const deadline begin = measured ? clock::now() : deadline{};
    result_room result;
    if (!failure) failure = run(call, what, result.bytes());
    if (measured) what->quick = clock::now() - begin < quick_time;
    const bool later = call->answered_later();
    later ? uncork(line_of(*call)) : answer(*call, failure, result.bytes(), corks);
    if (!later) call->drop_rest();
    locked.lock();
    if (runs && (!failure || failure->ran == "yes")) ++counts_.served;
    if (!runs && call->is_pulse()) ++counts_.pulses_dropped;
    if (later) return;
    if (call->frame().rider.uses != 0)
        keep_result(*call, failure ? frame_bytes{} : value_in(result.bytes()));
    finish(*call);
}

// Whether the next call comes from there too, and takes no time, so that both replies can go
// together.
bool call_server::quick_one_follows(const incoming_call& done) {
    if (queue_.empty() || !queue_.front().call) return false;
    const incoming_call& next = *queue_.front().call;
    if (&next.from() != &done.from()) return false;
    const method* const what = find_method(next.frame().method);
    return what != nullptr && what->quick;
}

// Null: there is none. Who calls often calls the same; and none is ever removed.
call_server::method* call_server::find_method(std::string_view name) {
    if (method_before_ != nullptr && method_before_->first == name) return &method_before_->second;
    const auto found = methods_.find(name);
    if (found == methods_.end()) return nullptr;
    method_before_ = &*found;
    return &found->second;
}

std::optional<wire::rpc_failure> call_server::run(const call_ptr& call, method* what,
                                                  std::vector<std::byte>& result) {
    if (what != nullptr) return run_urgently(call, what->body, result);
    return not_run(code::unknown_method, "there is no '" + std::string{call->frame().method} +
                                             "'; there are " + known_methods());
}

std::optional<wire::rpc_failure> call_server::why_unwanted(filling filled,
                                                           const incoming_call& call) {
    if (filled == filling::impossible) {
        return not_run(code::bad_arguments,
                       "the call whose result is its argument failed, is none of this connection, "
                       "or gave more than fits");
    }
    const bool cancelled = call.cancelled();
    const bool expired = call.until() != never && clock::now() >= call.until();
    if (!cancelled && !expired) return std::nullopt;
    ++(cancelled ? counts_.cancelled : counts_.expired);
    return cancelled ? not_run(code::cancelled, "it was cancelled before its turn")
                     : not_run(code::expired, "its deadline passed before its turn");
}

std::string call_server::known_methods() const {
    std::string names;
    for (const auto& one : describe()) names += (names.empty() ? "" : ", ") + one.name;
    return names.empty() ? "none" : names;
}

std::optional<std::vector<std::string>> call_server::parameters_of(std::string_view name) const {
    const std::lock_guard locked{mutex_};
    const auto found = methods_.find(name);
    if (found == methods_.end()) return std::nullopt;
    std::vector<std::string> names;
    for (const wire::value_signature& one : found->second.signature.parameters) {
        if (!one.name.empty()) names.push_back(one.name);
    }
    return names;
}

void call_server::reply(incoming_call& call, const std::optional<wire::rpc_failure>& failure,
                        const std::vector<std::byte>& result) {
    answer(call, failure, result, false);
    const std::lock_guard locked{mutex_};
    if (call.frame().rider.uses != 0) keep_result(call, failure ? frame_bytes{} : value_in(result));
    finish(call);
}

void call_server::answer(incoming_call& call, const std::optional<wire::rpc_failure>& failure,
                         const std::vector<std::byte>& result, bool more_to_come) {
    served_line& to = line_of(call);
    if (!call.wants_reply()) {
        if (!more_to_come) uncork(to);
    } else if (failure) {
        std::vector<std::byte> failed;
        wire::put_failure(failed, call.frame().id, *failure);
        const frame_bytes whole{failed};
        post(to, {.parts = {&whole, 1}}, more_to_come);
    } else if (const frame_bytes whole{result}; call.has_values_only()) {
        post(to, {.parts = {&whole, 1}}, more_to_come);
    } else {
        const std::vector<int> files = call.reply_files();
        call.begin_reply_stream();
        post(to, {.parts = {&whole, 1}, .descriptors = files}, more_to_come);
        call.write_reply_stream();
    }
    to.corked.store(more_to_come, std::memory_order_relaxed);  // relaxed: as above
}

// Nothing that could go together with the replies that wait comes now.
void call_server::uncork(served_line& to) {
    if (!to.corked.exchange(false, std::memory_order_relaxed)) return;  // relaxed: our own
    if (to.line->drain())
        mark_resumed(std::static_pointer_cast<served_line>(to.shared_from_this()));
}

// A reply that is too large is answered by that.
void call_server::post(served_line& to, const outgoing_frame& frame, bool more_to_come) {
    posted became = posted::lost;
    try {
        became = to.line->post(frame, more_to_come);
    } catch (const error& e) {
        const wire::rpc_frame refused = wire::read_rpc_frame(frame.parts.front());
        std::vector<std::byte> failed;
        wire::put_failure(failed, refused.id,
                          {.code = {}, .type = "signet::error", .text = e.what(), .ran = "yes"});
        const frame_bytes instead{failed};
        became = to.line->post({.parts = {&instead, 1}}, more_to_come);
    }
    if (became == posted::kept)
        mark_resumed(std::static_pointer_cast<served_line>(to.shared_from_this()));
}

void call_server::refuse(const incoming_call& call, std::string_view code, std::string text) {
    if (!call.wants_reply()) return;
    std::vector<std::byte> failed;
    wire::put_failure(failed, call.frame().id, not_run(code, std::move(text)));
    const frame_bytes whole{failed};
    post(line_of(call), {.parts = {&whole, 1}}, false);
}

void call_server::finish(incoming_call& done) {
    served_line& from = line_of(done);
    done.finished = true;
    from.leave(done);
    give_up_references(done);
    if (!from.dependents.empty()) wake_dependents(done);
    const bool looks = from.resting && !from.over;
    if (looks) resumed_.push_back(std::static_pointer_cast<served_line>(from.shared_from_this()));
    const bool attended = std::exchange(done.counted, false);
    if (attended) --attended_;
    if (attended || looks) wake_reader();
}

void call_server::mark_resumed(const line_ptr& line) {
    const std::lock_guard locked{mutex_};
    resumed_.push_back(line);
    wake_reader();
}

// ---- what calls do beside answering -------------------------------------------------------------

// What the other end does not take is kept: bounded by what it allowed to be written.
bool call_server::send(call_session& to, std::string_view what, const outgoing_frame& frame,
                       const patience&) {
    auto& on = static_cast<served_line&>(to);
    posted became = posted::lost;
    try {
        became = on.line->post(frame, false);
    } catch (const error&) {
        rethrow_as_call(std::current_exception(), what, ran::no);
    }
    if (became == posted::kept)
        mark_resumed(std::static_pointer_cast<served_line>(on.shared_from_this()));
    return became != posted::lost;
}

void call_server::tell(call_session& to, const outgoing_frame& frame) {
    send(to, {}, frame, {});
}

void call_server::resume(std::shared_ptr<outgoing_stream> stream) {
    queue_.push({.stream = std::move(stream)});
    wake_one();
}

}  // namespace signet::pattern
