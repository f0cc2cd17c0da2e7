// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/incoming_call.hpp>

#include <signet/base/error.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/wire/cursor.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace signet::pattern {
namespace {

/// Arguments of one call that are no values.
constexpr std::size_t specials_max = 1024;

/// What a thread runs that runs none.
constinit const std::shared_ptr<incoming_call> no_call;

std::chrono::nanoseconds time_left(std::uint64_t nanoseconds) {
    constexpr std::uint64_t most = std::numeric_limits<std::chrono::nanoseconds::rep>::max();
    return std::chrono::nanoseconds{std::min(nanoseconds, most)};
}

[[noreturn]] void complain(const char* why) {
    throw error{errc::peer_misbehaved, "read call", {}, why};
}

}  // namespace

incoming_call::incoming_call(std::shared_ptr<call_session> from, frame_bytes bytes,
                             const wire::rpc_frame& frame)
    : from_{std::move(from)}, arrived_bytes_{bytes.size()}, bytes_{bytes}, frame_{frame} {
    move_frame(bytes.data(), bytes_.view().data());
    const wire::rpc_rider& rider = frame_.rider;
    priority_ = rider.priority;
    if (rider.nanoseconds_left) until_ = after(time_left(*rider.nanoseconds_left));
    if (rider.descriptors != 0) {
        more().descriptors = from_->line->take_descriptors(rider.descriptors);
    }
    if (rider.specials != 0) find_specials();
}

// What lay in the bytes at `from` lies in the same ones at `to`.
void incoming_call::move_frame(const std::byte* from, const std::byte* to) {
    const auto* const method = reinterpret_cast<const std::byte*>(frame_.method.data());
    frame_.method = {reinterpret_cast<const char*>(to + (method - from)), frame_.method.size()};
    frame_.body = {to + (frame_.body.data() - from), frame_.body.size()};
}

// ---- arguments ----------------------------------------------------------------------------------

// Looked for once, by who reads the connection: later they are found without a look at values.
void incoming_call::find_specials() {
    wire::detail::cursor from{frame_.body};
    extras& found = more();
    for (std::size_t i = 0; i < frame_.arguments; ++i) {
        if (found.specials.size() == frame_.rider.specials) return;
        const auto one = wire::read_special(from.rest());
        const std::size_t at = frame_.body.size() - from.left();
        if (!from.skip()) complain("its arguments are not complete");
        if (one.kind == wire::special::none) continue;
        if (found.specials.size() == specials_max)
            complain("too many of its arguments are no values");
        found.specials.push_back({at, one});
        if (one.kind == wire::special::result) found.references.push_back(one.number);
    }
}

void incoming_call::begin_streams() {
    if (!more_) return;
    for (const auto& [at, what] : more_->specials) {
        if (what.kind != wire::special::stream) continue;
        more_->streams.emplace_back(what.number, from_->begin_reading(what.number));
    }
}

void incoming_call::fill_in(std::span<const std::vector<std::byte>> results) {
    std::vector<std::byte> values;
    auto rest = frame_.body.begin();
    for (const auto& [at, what] : more().specials) {
        if (what.kind != wire::special::result) continue;
        const auto here = frame_.body.begin() + static_cast<std::ptrdiff_t>(at);
        values.insert(values.end(), rest, here);
        values.insert(values.end(), results.front().begin(), results.front().end());
        results = results.subspan(1);
        rest = here + wire::special_value::bytes;
    }
    values.insert(values.end(), rest, frame_.body.end());
    more().references.clear();
    replace_body(values);
}

std::shared_ptr<incoming_stream> incoming_call::take_stream(std::uint32_t number) {
    if (!more_) return nullptr;
    for (auto& [theirs, stream] : more_->streams) {
        if (theirs == number) return std::move(stream);
    }
    return nullptr;
}

os::descriptor incoming_call::take_descriptor(std::uint32_t which) {
    const bool there = more_ && which < more_->descriptors.size();
    return there ? std::move(more_->descriptors[which]) : os::descriptor{};
}

void incoming_call::drop_more() {
    more_->reply_stream.reset();  // which may hold this call
    more_->streams.clear();
    more_->descriptors.clear();
    more_->reply_files.clear();
    more_->reply_stream.reset();  // which may hold what holds this
}

std::uint32_t incoming_call::take_function() {
    wire::detail::cursor from{frame_.body};
    if (frame_.arguments == 0 || !from.take_number(function_)) complain("it calls back nothing");
    --frame_.arguments;
    frame_.body = from.rest();
    return function_;
}

void incoming_call::replace_body(std::span<const std::byte> values) {
    const auto before = bytes_.view();
    const auto head = before.first(before.size() - frame_.body.size());
    std::vector<std::byte> whole{head.begin(), head.end()};
    whole.insert(whole.end(), values.begin(), values.end());
    move_frame(before.data(), whole.data());
    bytes_.assign(whole);
    move_frame(whole.data(), bytes_.view().data());
    frame_.body = bytes_.view().subspan(head.size());
}

// ---- running ------------------------------------------------------------------------------------

const std::shared_ptr<incoming_call>*& serving_call::running() noexcept {
    static thread_local const std::shared_ptr<incoming_call>* now = nullptr;
    return now;
}

const std::shared_ptr<incoming_call>& this_thread_serves() noexcept {
    const auto* const now = serving_call::running();
    return now == nullptr ? no_call : *now;
}

std::optional<wire::rpc_failure> run(const std::shared_ptr<incoming_call>& call,
                                     const method_body& body, std::vector<std::byte>& result) {
    wire::put_result_head(result, call->frame().id);
    const serving_call now{call};
    try {
        return body(*call, result);
    } catch (...) {
        // Whoever took it over has answered, or will.
        if (call->answered_later()) return std::nullopt;
        return thrown_failure();
    }
}

void run_and_answer(const std::shared_ptr<incoming_call>& call, const method_body& body) {
    std::vector<std::byte> result;
    const auto failure = run(call, body, result);
    if (call->answered_later()) return;
    call->from().host.reply(*call, failure, result);
    call->drop_rest();
}

void incoming_call::refuse_callback() {
    drop_rest();
    from_->host.reply(
        *this, not_run(code::unknown_method, "the call that lent this function has ended"), {});
}

void incoming_call::enter_reply_stream() {
    const std::lock_guard locked{from_->host.mutex()};
    if (!from_->over) from_->begin_writing(more_->reply_stream);
}

void incoming_call::pump_reply_stream() {
    if (!more_->reply_stream->begun()) return;
    const std::lock_guard locked{from_->host.mutex()};
    from_->host.resume(more_->reply_stream);
}

std::vector<int> incoming_call::reply_files() const {
    std::vector<int> numbers;
    if (!more_) return numbers;
    for (const os::descriptor& one : more_->reply_files) numbers.push_back(one.get());
    return numbers;
}

// ---- cancelling ---------------------------------------------------------------------------------

// The callbacks of a stop are the user's: they run without the lock.
void incoming_call::cancel() {
    std::optional<std::stop_source> stop;
    {
        const std::lock_guard locked{from_->host.mutex()};
        cancelled_.store(true, std::memory_order_release);  // SYNC call-cancelled
        stop = stop_;
    }
    if (stop) stop->request_stop();
}

std::stop_token incoming_call::stop_token() {
    std::unique_lock locked{from_->host.mutex()};
    const bool first = !stop_;
    if (first) stop_.emplace();
    if (first && cancelled()) stop_->request_stop();  // nobody has a callback in it yet
    std::stop_token token = stop_->get_token();
    locked.unlock();
    if (first) from_->host.attend(*this);
    return token;
}

later_answer::~later_answer() {
    if (!call_) return;
    wire::rpc_failure nobody = not_run(code::unanswered, "the server dropped it without an answer");
    nobody.ran.clear();
    give(nobody, {});
}

void later_answer::give(const std::optional<wire::rpc_failure>& failure,
                        const std::vector<std::byte>& result) {
    const std::shared_ptr<incoming_call> call = std::move(call_);
    call->from().host.reply(*call, failure, result);
    call->drop_rest();
}

}  // namespace signet::pattern
