// SPDX-License-Identifier: Apache-2.0
// The part of a server that has others answer. It has one connection to each of them, which it
// reads as it reads those of its clients: no thread waits for an answer.
#include <signet/base/error.hpp>
#include <signet/pattern/service/call_client.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_server.hpp>
#include <signet/pattern/service/forwarded_call.hpp>
#include <signet/pattern/service/urgent_thread.hpp>
#include <signet/wire/special_value.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace signet::pattern {
namespace {

using transport::direction;

wire::rpc_failure unreachable(const error& why) {
    return not_run(code::unreachable, why.what());
}

/// What is told of a call that somebody else may have run.
wire::rpc_failure given_up_by(std::string_view code, const char* text) {
    return {.code = std::string{code}, .type = {}, .text = text, .ran = {}};
}

/// What is told of a call that ran, and whose result cannot be passed on.
wire::rpc_failure lost_result(const char* text) {
    return {.code = {}, .type = "signet::error", .text = text, .ran = "yes"};
}

/// How many open files are among the arguments. None: what cannot leave its connection.
std::optional<std::uint32_t> count_files(const wire::rpc_frame& frame) {
    if (frame.rider.specials == 0) return 0;
    std::uint32_t files = 0;
    wire::detail::cursor from{frame.body};
    for (std::size_t i = 0; i < frame.arguments; ++i) {
        const wire::special kind = wire::read_special(from.rest()).kind;
        if (!from.skip()) return std::nullopt;
        if (kind == wire::special::descriptor) ++files;
        if (kind == wire::special::stream || kind == wire::special::function) return std::nullopt;
    }
    return files;
}

/// Those that came with a call, to be sent on.
class files_of {
public:
    explicit files_of(incoming_call& call) {
        for (std::uint32_t i = 0; i < call.frame().rider.descriptors; ++i) {
            files_.push_back(call.take_descriptor(i));
            numbers_.push_back(files_.back().get());
        }
    }
    std::span<const int> numbers() const noexcept { return numbers_; }
    bool all_there() const {
        return std::all_of(files_.begin(), files_.end(), [](const auto& one) { return bool{one}; });
    }

private:
    std::vector<os::descriptor> files_;
    std::vector<int> numbers_;
};

std::chrono::nanoseconds time_to_connect(const call_client& to, const incoming_call& call) {
    const std::chrono::nanoseconds most = to.options().handshake_limit;
    if (call.until() == never) return most;
    return std::min<std::chrono::nanoseconds>(most, call.until() - clock::now());
}

}  // namespace

// ---- routes -------------------------------------------------------------------------------------

call_server::line_ptr call_server::known_route(const call_client& to) {
    const std::lock_guard locked{mutex_};
    const auto leads_there = [&](const line_ptr& one) {
        return !one->over && one->leads_to->lock() == to.life();
    };
    const auto found = std::find_if(routes_.begin(), routes_.end(), leads_there);
    return found == routes_.end() ? nullptr : *found;
}

call_server::line_ptr call_server::route_to(const call_client& to, const incoming_call& call) {
    if (line_ptr known = known_route(to)) return known;
    opened_line made = to.open(time_to_connect(to, call));
    const auto line =
        std::make_shared<served_line>(*this, std::move(made.line), made.knows_us, made.files_max);
    line->leads_to = to.life();
    const std::lock_guard locked{mutex_};
    drop_old_routes();
    routes_.push_back(line);
    resumed_.push_back(line);  // the reader is to read it
    if (reading_) set_.wake();
    return line;
}

// Whose client has gone; with the mutex held. The reader drops them.
void call_server::drop_old_routes() {
    std::copy_if(routes_.begin(), routes_.end(), std::back_inserter(resumed_),
                 [](const line_ptr& one) { return one->leads_to->expired(); });
}

// By the reader, of a route that somebody made, or that nobody will use again.
void call_server::join(const line_ptr& line) {
    bool unused = false;
    {
        const std::lock_guard locked{mutex_};
        if (line->over) return;
        unused = line->leads_to->expired() && line->calls.empty();
    }
    if (unused) return drop(line);
    if (line->key != transport::wait_key{}) return;
    await_frames(*line);
    lines_.emplace(line->key, line);
}

// ---- forwarding ---------------------------------------------------------------------------------

void call_server::forward(const call_ptr& call, const call_client& to) {
    end_urgent_work(*call);
    if (!call->wants_reply()) return forward_notification(call, to);
    const auto one = std::make_shared<forwarded_call>(*this, call);
    std::optional<wire::rpc_failure> failure;
    try {
        failure = begin_forward(one, to);
    } catch (const error& e) {
        failure = unreachable(e);
    }
    if (!failure) return;
    reply(*call, failure, {});
    call->drop_rest();
}

// Why it was not sent. Throws `error`.
std::optional<wire::rpc_failure> call_server::begin_forward(const forward_ptr& one,
                                                            const call_client& to) {
    incoming_call& call = *one->call;
    const auto files = count_files(call.frame());
    if (!files) {
        return not_run(code::bad_arguments,
                       "it has a stream or a function, and was forwarded, which they cannot be");
    }
    const files_of theirs{call};
    if (!theirs.all_there()) throw contract_violation{"forward a call whose files were taken"};
    const call_request request{.method = call.frame().method,
                               .arguments = call.frame().arguments,
                               .body = call.frame().body,
                               .rider = {.priority = call.priority(),
                                         .specials = *files,
                                         .descriptors = call.frame().rider.descriptors},
                               .descriptors = theirs.numbers()};
    // A connection that has ended while nobody used it is found out by sending: once more, then.
    for (int attempt = 0; attempt < 2; ++attempt) {
        const line_ptr route = route_to(to, call);
        if (send_forward(one, route, request)) return std::nullopt;
    }
    return not_run(code::unreachable, "the server it was forwarded to closes each connection");
}

bool call_server::send_forward(const forward_ptr& one, const line_ptr& route,
                               const call_request& request) {
    one->route = route;
    {
        const std::lock_guard locked{mutex_};
        if (route->over) return false;
        one->out.enter(*route);
        one->over = false;
        forwards_[one->call.get()] = one;
    }
    bool sent = false;
    try {
        sent = one->out.send(request, {one->call->until(), {}});
    } catch (...) {
        end_sending(*one, false);
        throw;
    }
    if (!sent) {
        const std::lock_guard locked{mutex_};
        std::erase(routes_, route);
    }
    if (end_sending(*one, sent)) answer_forward(*one);
    return sent;
}

// Whether it ended meanwhile, and the thread that sent it has to answer.
bool call_server::end_sending(forwarded_call& one, bool sent) {
    const std::lock_guard locked{mutex_};
    const bool over = one.over || one.call->cancelled();
    one.sent = sent;
    if (!sent || over) forwards_.erase(one.call.get());
    return sent && over;
}

// Nobody is told what becomes of it, as with any notification.
void call_server::forward_notification(const call_ptr& call, const call_client& to) {
    try {
        const line_ptr route = route_to(to, *call);
        const bool extensions = route->knows_extensions();
        std::vector<std::byte> head;
        const wire::rpc_rider rider{.priority = extensions ? call->priority() : std::uint8_t{0}};
        wire::put_notification_head(head, call->frame().method, rider, call->frame().arguments);
        const std::array<frame_bytes, 2> parts{head, call->frame().body};
        send(*route, call->frame().method, {.parts = parts}, {});
    } catch (const error&) {
        // there is nobody there
    }
    reply(*call, {}, {});
}

// A server that calls where it only is to answer.
void call_server::refuse_on_route(served_line& line, const wire::rpc_frame& frame) {
    if (frame.kind != wire::rpc_kind::request) return;
    std::vector<std::byte> failed;
    wire::put_failure(failed, frame.id, not_run(code::unknown_method, "nobody serves here"));
    const frame_bytes whole{failed};
    post(line, {.parts = {&whole, 1}}, false);
}

// ---- answers ------------------------------------------------------------------------------------

// With the mutex held: the reader, who found the answer or the end, answers in its turn.
void call_server::note_over(forwarded_call& one) {
    one.over = true;
    const auto found = forwards_.find(one.call.get());
    if (!one.sent || found == forwards_.end()) return;
    forwarded_.push_back(std::move(found->second));
    forwards_.erase(found);
}

// Nobody waits for that call any more: the other server is told.
void call_server::withdraw(const incoming_call& call) {
    const std::lock_guard locked{mutex_};
    const auto found = forwards_.find(&call);
    if (found != forwards_.end()) note_over(*forward_ptr{found->second});
}

void call_server::answer_forwards(lock& locked) {
    auto all = std::exchange(forwarded_, {});
    locked.unlock();
    for (const forward_ptr& one : all) answer_forward(*one);
    all.clear();  // which takes the mutex, where nobody waited for it any more
    locked.lock();
}

void call_server::answer_forward(forwarded_call& one) {
    lock locked{mutex_};
    const bool answered = one.out.settle();
    locked.unlock();
    std::vector<std::byte> result;
    const auto failure = answered ? take_answer(one, result)
                                  : given_up_by(code::cancelled, "nobody waited for it any more");
    reply(*one.call, failure, result);
    one.call->drop_rest();
}

std::optional<wire::rpc_failure> call_server::take_answer(forwarded_call& one,
                                                          std::vector<std::byte>& into) {
    if (auto failure = one.out.failure()) return failure;
    if (one.out.take_stream()) return lost_result("its result is a stream, and it was forwarded");
    auto files = one.out.take_descriptors();
    const call_session& caller = one.call->from();
    if (caller.knows_extensions() && caller.files_left(0) < files.size()) {
        return lost_result("its result is an open file, and its caller takes none");
    }
    for (os::descriptor& file : files) one.call->reply_with(std::move(file));
    wire::put_result_head(into, one.call->frame().id);
    const frame_bytes value = one.out.result();
    into.insert(into.end(), value.begin(), value.end());
    return std::nullopt;
}

// Those under way when the server goes.
void call_server::close_forwards() {
    lock locked{mutex_};
    auto under_way = std::exchange(forwards_, {});
    answer_forwards(locked);
    locked.unlock();
    for (auto& [call, one] : under_way) {
        reply(*one->call, given_up_by(code::closing, "its server was closed"), {});
    }
}

}  // namespace signet::pattern
