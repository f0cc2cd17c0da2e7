// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/call_client.hpp>

#include <signet/base/error.hpp>
#include <signet/os/futex.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/client_connection.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/rpc_frame.hpp>

#include <algorithm>
#include <array>
#include <stop_token>
#include <utility>

namespace signet::pattern {
namespace {

using transport::direction;
using transport::flow;
using transport::patience;

constexpr std::uint32_t hello_id = 0;

std::uint64_t nanoseconds_until(deadline until) {
    const auto left = until - clock::now();
    return left.count() > 0 ? static_cast<std::uint64_t>(left.count()) : 0;
}

call_error given_up(const patience& limit, std::string_view method, ran did) {
    if (limit.stop.stop_requested()) {
        return {std::make_error_code(std::errc::operation_canceled), method, "a stop was asked for",
                did};
    }
    return {std::make_error_code(std::errc::timed_out), method, "", did};
}

std::exception_ptr server_gone() {
    return std::make_exception_ptr(
        error{errc::peer_died, "call", {}, "the server closed the connection, or died"});
}

/// What is true of the failure of a connection, of one call on it.
[[noreturn]] void rethrow_as_call(const std::exception_ptr& why, std::string_view method, ran did) {
    try {
        std::rethrow_exception(why);
    } catch (const error& e) {
        throw call_error{e.code(), method, e.advice().empty() ? e.what() : e.advice(), did};
    }
}

}  // namespace

// ---- one call -----------------------------------------------------------------------------------

outgoing_call::~outgoing_call() {
    if (on_) client_->give_up(*this);
}

frame_bytes outgoing_call::result() {
    if (failure_) rethrow_as_call(failure_, method_, ran::maybe);
    if (!error_.empty()) throw_failure(method_, wire::read_failure(error_));
    return answer_;
}

// ---- connecting ---------------------------------------------------------------------------------

call_client::call_client(connector connect, const client_options& options)
    : connect_{std::move(connect)}, options_{options} {
    connection_ = make(options_.handshake_limit);
}

call_client::~call_client() = default;

// Asks the server whether it is one of Signet's; any other one answers with an error.
call_client::connection_ptr call_client::make(std::chrono::nanoseconds limit) const {
    const patience until{after(limit), {}};
    std::unique_ptr<rpc_line> line = connect_(limit);
    std::vector<std::byte> hello;
    wire::put_request_head(hello, hello_id, hello_method, {}, 1);
    wire::append_value(hello, rpc_version);
    const std::array<frame_bytes, 1> parts{frame_bytes{hello}};
    line->try_send(parts);
    for (frame_bytes bytes;;) {
        const flow became = line->receive(bytes, until);
        if (became == flow::ended) std::rethrow_exception(server_gone());
        if (became == flow::timed_out) {
            throw error{std::make_error_code(std::errc::timed_out),
                        "connect",
                        {},
                        "the server did not answer in time: it is stopped, or serves nobody"};
        }
        const wire::rpc_frame frame = wire::read_rpc_frame(bytes);
        if (frame.kind != wire::rpc_kind::response || frame.id != hello_id) continue;
        return std::make_shared<client_connection>(std::move(line), frame.error.empty());
    }
}

call_client::connection_ptr call_client::usable(const patience& limit) {
    {
        const std::lock_guard locked{mutex_};
        if (connection_ && !connection_->over) return connection_;
    }
    const std::lock_guard alone{connecting_};
    {
        const std::lock_guard locked{mutex_};
        if (connection_ && !connection_->over) return connection_;
        connection_.reset();
    }
    const auto left = limit.until == never
                          ? options_.handshake_limit
                          : std::min<std::chrono::nanoseconds>(options_.handshake_limit,
                                                               limit.until - clock::now());
    connection_ptr made = make(left);
    const std::lock_guard locked{mutex_};
    return connection_ = std::move(made);
}

transport::peer_identity call_client::peer() {
    return usable({after(options_.handshake_limit), {}})->line->end().peer();
}

// ---- sending ------------------------------------------------------------------------------------

void call_client::start(outgoing_call& call, const call_request& request, const patience& limit) {
    call.method_ = request.method;
    call.client_ = this;
    // A connection that has ended while nobody used it is found out by sending: once more, then.
    if (try_start(call, request, limit)) return;
    if (try_start(call, request, limit)) return;
    rethrow_as_call(server_gone(), request.method, ran::no);
}

// False: the connection has ended, and nothing was sent.
bool call_client::try_start(outgoing_call& call, const call_request& request,
                            const patience& limit) try {
    const connection_ptr on = usable(limit);
    {
        const std::lock_guard locked{mutex_};
        if (on->over) return false;
        call.failure_ = nullptr;
        call.done_ = false;
        on->enter(call);
        call.on_ = on;
    }
    wire::rpc_rider rider;
    if (on->extensions && limit.until != never) {
        rider.nanoseconds_left = nanoseconds_until(limit.until);
    }
    std::vector<std::byte> head;
    wire::put_request_head(head, call.id_, request.method, rider, request.arguments);
    const std::array<frame_bytes, 2> parts{head, request.body};
    if (send(on, request.method, parts, limit)) return true;
    forget(call);
    end(*on, server_gone());
    return false;
} catch (const call_error&) {
    forget(call);
    throw;
} catch (const error&) {
    forget(call);
    rethrow_as_call(std::current_exception(), request.method, ran::no);
}

void call_client::notify(const call_request& request, const patience& limit) {
    std::vector<std::byte> head;
    wire::put_notification_head(head, request.method, request.arguments);
    const std::array<frame_bytes, 2> parts{head, request.body};
    for (int attempt = 0; attempt < 2; ++attempt) {
        const connection_ptr on = usable(limit);
        if (send(on, request.method, parts, limit)) return;
        end(*on, server_gone());
    }
    rethrow_as_call(server_gone(), request.method, ran::no);
}

namespace {

flow send_now(rpc_line& to, std::span<const frame_bytes> parts) try {
    return to.try_send(parts);
} catch (const error& e) {
    if (e.code() == errc::peer_died) return flow::ended;
    throw;
}

}  // namespace

// False: the connection has ended, and nothing was sent. The server may wait until we read its
// answers before it reads what we send; so where there is no room, somebody reads meanwhile.
bool call_client::send(const connection_ptr& on, std::string_view method,
                       std::span<const frame_bytes> parts, const patience& limit) {
    flow became = flow::timed_out;
    while ((became = send_now(*on->line, parts)) == flow::timed_out) {
        if (transport::is_over(limit)) throw given_up(limit, method, ran::no);
        await_room(on, limit);
    }
    if (became == flow::ended) return false;
    while (on->line->flush() == flow::timed_out) {
        if (transport::is_over(limit)) throw given_up(limit, method, ran::maybe);
        await_room(on, limit);
    }
    return true;
}

void call_client::await_room(const connection_ptr& on, const patience& limit) {
    transport::wait_engine set{life::wait_mode::sleep};
    set.add(on->line->watch(direction::sending));
    lock locked{mutex_};
    const bool reads = !on->reading && !on->over;
    reads ? void(on->reading = true) : on->senders.push_back(&set);
    locked.unlock();
    if (reads) set.add(on->line->watch(direction::receiving));
    set.wait(limit);
    if (reads) read_all(on);
    locked.lock();
    reads ? leave_reading(*on) : void(std::erase(on->senders, &set));
}

// ---- receiving ----------------------------------------------------------------------------------

void call_client::finish(outgoing_call& call, const patience& limit) {
    lock locked{mutex_};
    const connection_ptr on = call.on_;
    while (!call.done_ && !transport::is_over(limit)) {
        on->reading ? follow(locked, call, limit) : lead(locked, on, call, limit);
    }
    if (on) on->wake_one();
    if (call.done_) {
        call.on_.reset();
        return;
    }
    locked.unlock();
    give_up(call);
    throw given_up(limit, call.method_, ran::maybe);
}

bool call_client::try_finish(outgoing_call& call) {
    lock locked{mutex_};
    const connection_ptr on = call.on_;
    if (!call.done_ && !on->reading) {
        on->reading = true;
        locked.unlock();
        read_all(on);
        locked.lock();
        leave_reading(*on);
    }
    if (call.done_) call.on_.reset();
    return call.done_;
}

void call_client::lead(lock& locked, const connection_ptr& on, const outgoing_call& until_done,
                       const patience& limit) {
    on->reading = true;
    bool more = true;
    while (more && !until_done.done_) {
        locked.unlock();
        more = read_once(on, limit);
        locked.lock();
    }
    leave_reading(*on);
}

void call_client::leave_reading(client_connection& on) {
    on.reading = false;
    on.wake_one();
}

void call_client::follow(lock& locked, outgoing_call& call, const patience& limit) {
    life::notice woken;
    const os::futex_waiter waiter = woken.watch();
    std::vector<life::notice*>& followers = call.on_->followers;
    followers.push_back(&woken);
    call.waiter_ = &woken;
    locked.unlock();
    {
        const std::stop_callback on_stop{limit.stop, [&woken] { woken.post(); }};
        if (!limit.stop.stop_requested()) os::futex_wait_any({&waiter, 1}, limit.until);
    }
    locked.lock();
    call.waiter_ = nullptr;
    std::erase(followers, &woken);
}

void call_client::read_all(const connection_ptr& on) {
    while (read_once(on, patience::none())) {
    }
}

// By who reads. False: the patience ended, or the connection did.
bool call_client::read_once(const connection_ptr& on, const patience& limit) {
    try {
        frame_bytes bytes;
        const flow became = on->line->receive(bytes, limit);
        if (became == flow::done) take(*on, bytes);
        if (became == flow::ended) end(*on, server_gone());
        return became == flow::done;
    } catch (const error&) {
        end(*on, std::current_exception());
        return false;
    }
}

void call_client::take(client_connection& on, frame_bytes bytes) {
    const wire::rpc_frame frame = wire::read_rpc_frame(bytes);
    if (frame.kind == wire::rpc_kind::request) return refuse(on, frame.id);
    if (frame.kind != wire::rpc_kind::response) return;
    const std::lock_guard locked{mutex_};
    outgoing_call* const call = on.leave(frame.id);
    if (call == nullptr) return;  // nobody waits for it any more
    call->answer_.assign(frame.body.begin(), frame.body.end());
    call->error_.assign(frame.error.begin(), frame.error.end());
    client_connection::complete(*call);
}

void call_client::refuse(client_connection& on, std::uint32_t id) {
    std::vector<std::byte> failed;
    wire::put_failure(failed, id, not_run(code::unknown_method, "this client handles no calls"));
    const std::array<frame_bytes, 1> parts{frame_bytes{failed}};
    on.line->try_send(parts);
}

void call_client::end(client_connection& on, std::exception_ptr why) {
    const std::lock_guard locked{mutex_};
    on.end(why);
}

// ---- giving up ----------------------------------------------------------------------------------

void call_client::forget(outgoing_call& call) {
    const std::lock_guard locked{mutex_};
    if (call.on_) call.on_->leave(call.id_);
    call.on_.reset();
}

// Tells the server, if that can be done at once.
void call_client::give_up(outgoing_call& call) {
    const connection_ptr on = call.on_;
    forget(call);
    if (!on->extensions) return;
    std::vector<std::byte> cancel;
    wire::put_notification_head(cancel, cancel_method, 1);
    wire::append_value(cancel, call.id_);
    const std::array<frame_bytes, 1> parts{frame_bytes{cancel}};
    try {
        on->line->try_send(parts);
    } catch (const error&) {
        // the connection has ended, which cancels as well
    }
}

}  // namespace signet::pattern
