// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/call_client.hpp>

#include <signet/base/error.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_stream.hpp>
#include <signet/pattern/service/client_connection.hpp>
#include <signet/pattern/service/incoming_call.hpp>
#include <signet/transport/patient_wait.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/rpc_frame.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace signet::pattern {
namespace {

using transport::direction;
using transport::flow;
using transport::patience;

constexpr std::uint32_t hello_id = 0;

/// As many servers of one name may die one after the other while a client connects.
constexpr int meetings_max = 8;

bool tells_death(const std::error_code& code) {
    return code == errc::peer_died || code == std::errc::connection_reset;
}

[[noreturn]] void complain_of_silence() {
    throw error{std::make_error_code(std::errc::timed_out),
                "connect",
                {},
                "the server did not answer in time: it is stopped, or serves nobody"};
}

}  // namespace

call_client::call_client(connector connect, const client_options& options)
    : connect_{std::move(connect)}, options_{options} {
    connection_ = make(options_.handshake_limit);
}

// What the connection holds, holds it.
call_client::~call_client() {
    if (!connection_) return;
    lock locked{mutex_};
    connection_->end_all(peer_gone());
    const auto all = connection_->take_all();
    locked.unlock();
}

void call_client::handle(std::string name, method_body body) {
    require_free(name);
    const std::lock_guard locked{mutex_};
    const auto [at, fresh] = methods_.try_emplace(std::move(name), std::move(body));
    if (!fresh) throw contract_violation{"handle '" + at->first + "': it is handled already"};
}

// ---- connecting ---------------------------------------------------------------------------------

// A server may die while we meet it, or with us in its queue; then another one may serve there. Of
// one that closes each time there is an end, too.
opened_line call_client::open(std::chrono::nanoseconds limit) const {
    const deadline until = after(limit);
    for (int left = meetings_max - 1;; --left) {
        try {
            return meet(until);
        } catch (const error& e) {
            if (left == 0 || !tells_death(e.code()) || clock::now() >= until) throw;
        }
    }
}

// Asks the server whether it is one of Signet's; any other one answers with an error.
opened_line call_client::meet(deadline limit) const {
    const patience until{limit, {}};
    std::unique_ptr<rpc_line> line = connect_(limit - clock::now());
    std::vector<std::byte> hello;
    wire::put_request_head(hello, hello_id, hello_method, {}, 2);
    append_hello(hello, line->descriptors_max());
    const std::array<frame_bytes, 1> parts{frame_bytes{hello}};
    bool partly = false;
    line->try_send({.parts = parts}, partly);
    for (;;) {
        arrived_frame came;
        const flow became = line->receive(came, until);
        if (became == flow::ended) std::rethrow_exception(peer_gone());
        const wire::rpc_frame& frame = came.what;
        if (frame.kind == wire::rpc_kind::response && frame.id == hello_id) {
            const std::uint32_t files_max = line->files_to(files_max_in_answer(frame));
            return {std::move(line), frame.error.empty(), files_max};
        }
        if (became == flow::timed_out || transport::is_over(until)) complain_of_silence();
    }
}

call_client::connection_ptr call_client::make(std::chrono::nanoseconds limit) {
    opened_line made = open(limit);
    return std::make_shared<client_connection>(*this, std::move(made.line), made.knows_us,
                                               made.files_max);
}

call_client::connection_ptr call_client::usable(const patience& limit) {
    {
        const std::lock_guard locked{mutex_};
        if (connection_ && !connection_->over) return connection_;
    }
    // What the last one holds is destroyed without a lock.
    std::vector<connection_ptr> before;
    client_connection::contents left_over;
    const std::lock_guard alone{connecting_};
    {
        const std::lock_guard locked{mutex_};
        if (connection_ && !connection_->over) return connection_;
        if (connection_) {
            left_over = connection_->take_all();
            ended_.push_back(std::move(connection_));
        }
        before = take_unused();
    }
    const auto time = limit.until == never
                          ? options_.handshake_limit
                          : std::min<std::chrono::nanoseconds>(options_.handshake_limit,
                                                               limit.until - clock::now());
    connection_ptr made = make(time);
    const std::lock_guard locked{mutex_};
    return connection_ = std::move(made);
}

// Of those that have ended, with the mutex held.
std::vector<call_client::connection_ptr> call_client::take_unused() {
    const auto unused = std::partition(ended_.begin(), ended_.end(), [](const connection_ptr& one) {
        return !one->calls.empty();
    });
    std::vector<connection_ptr> taken{std::make_move_iterator(unused),
                                      std::make_move_iterator(ended_.end())};
    ended_.erase(unused, ended_.end());
    return taken;
}

std::shared_ptr<call_session> call_client::session() {
    return usable({after(options_.handshake_limit), {}});
}

transport::peer_identity call_client::peer() {
    return session()->line->end().peer();
}

bool call_client::extensions() {
    return session()->knows_extensions();
}

// Of the last connection, too: to make one takes time, for which a call has its own limit.
std::size_t call_client::files_max() {
    const std::lock_guard locked{mutex_};
    return connection_ ? connection_->files_left(0) : 0;
}

// ---- sending ------------------------------------------------------------------------------------

void call_client::start(outgoing_call& call, const call_request& request, const patience& limit) {
    call.call_it(request.method);
    outgoing_call* const one = &call;
    // A connection that has ended while nobody used it is found out by sending: once more, then.
    for (int attempt = 0; attempt < 2; ++attempt) {
        enter({&one, 1}, limit);
        if (call.send(request, limit)) return;
    }
    rethrow_as_call(peer_gone(), request.method, ran::no);
}

void call_client::enter(std::span<outgoing_call* const> calls, const patience& limit) {
    std::vector<connection_ptr> unused;  // destroyed without the mutex
    lock locked{mutex_};
    if (!ended_.empty()) unused = take_unused();
    while (!connection_ || connection_->over) {
        locked.unlock();
        try {
            usable(limit);
        } catch (const error&) {
            rethrow_as_call(std::current_exception(), calls.front()->method(), ran::no);
        }
        locked.lock();
    }
    for (outgoing_call* const one : calls) one->enter(*connection_);
}

void call_client::notify(const call_request& request, const patience& limit) {
    std::vector<std::byte> head;
    wire::put_notification_head(head, request.method, request.rider, request.arguments);
    const std::array<frame_bytes, 2> parts{head, request.body};
    const outgoing_frame frame{.parts = parts, .descriptors = request.descriptors};
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (send(*usable(limit), request.method, frame, limit)) return;
    }
    rethrow_as_call(peer_gone(), request.method, ran::no);
}

namespace {

flow send_now(rpc_line& to, std::string_view method, const outgoing_frame& frame,
              bool& partly) try {
    return to.try_send(frame, partly);
} catch (const error& e) {
    if (e.code() == errc::peer_died || e.code() == errc::peer_misbehaved) return flow::ended;
    rethrow_as_call(std::current_exception(), method, ran::no);
}

}  // namespace

// The server may wait until we read its answers before it reads what we send; so where there is no
// room, somebody reads meanwhile.
bool call_client::send(call_session& to, std::string_view method, const outgoing_frame& frame,
                       const patience& limit) {
    auto& on = static_cast<client_connection&>(to);
    flow became = flow::timed_out;
    bool partly = false;
    while ((became = send_now(*on.line, method, frame, partly)) == flow::timed_out) {
        if (transport::is_over(limit)) throw given_up(limit, method, ran::no);
        await_room(on, limit);
    }
    if (became == flow::ended) {
        const std::lock_guard locked{mutex_};
        on.end_all(peer_gone());
        return false;
    }
    while (partly && on.line->flush() == flow::timed_out) {
        if (transport::is_over(limit)) throw given_up(limit, method, ran::maybe);
        await_room(on, limit);
    }
    return true;
}

void call_client::tell(call_session& to, const outgoing_frame& frame) {
    if (to.line->post(frame, false) != posted::kept) return;
    const std::lock_guard locked{mutex_};
    static_cast<client_connection&>(to).keeps = true;
}

// ---- what the server wants of us ----------------------------------------------------------------

void call_client::resume(std::shared_ptr<outgoing_stream> stream) {
    auto& on = static_cast<client_connection&>(stream->on());
    if (!on.over) on.pumps.push_back(std::move(stream));  // else it goes with the connection
}

void call_client::work(lock& locked, client_connection& on) {
    ++on.working;
    if (!on.requests.empty()) {
        const auto request = std::move(on.requests.front());
        on.requests.pop_front();
        on.request_bytes -= request->bytes();
        locked.unlock();
        run(request);
    } else {
        const auto stream = std::move(on.pumps.front());
        on.pumps.pop_front();
        locked.unlock();
        stream->pump();
    }
    locked.lock();
    --on.working;
}

void call_client::run(const std::shared_ptr<incoming_call>& request) {
    const auto found = methods_.find(request->frame().method);
    if (found != methods_.end()) return run_and_answer(request, found->second);
    if (request->frame().method == back_method) return request->refuse_callback();
    request->drop_rest();
    reply(*request, not_run(code::unknown_method, "this client handles no such call"), {});
}

void call_client::reply(incoming_call& call, const std::optional<wire::rpc_failure>& failure,
                        const std::vector<std::byte>& result) {
    if (!call.wants_reply()) return;
    std::vector<std::byte> failed;
    if (failure) wire::put_failure(failed, call.frame().id, *failure);
    const frame_bytes whole{failure ? failed : result};
    const std::vector<int> files = failure ? std::vector<int>{} : call.reply_files();
    try {
        if (!failure) call.begin_reply_stream();
        tell(call.from(), {.parts = {&whole, 1}, .descriptors = files});
        if (!failure) call.write_reply_stream();
    } catch (const error& e) {
        if (failure) return;
        reply(
            call,
            wire::rpc_failure{.code = {}, .type = "signet::error", .text = e.what(), .ran = "yes"},
            {});
    }
}

}  // namespace signet::pattern
