// SPDX-License-Identifier: Apache-2.0
// `request`, as users know it by service.hpp: a call or a pulse that a server received, in the
// hands of who answers it.
//
//     while (auto next = sums.receive()) {
//         if (const auto numbers = next->arguments<int, int>()) {
//             const auto [a, b] = *numbers;
//             next->reply(a + b);
//         }
//     }
//
// It is answered once: by reply(), fail(), answer() or forward(), or by what does not fit; what was
// destroyed unanswered its caller is told at once. Until then it counts among the calls of its
// client (server_options::calls_per_client_max). To answer twice is a contract_violation, as is
// asking what was answered.
//
// Thread safety: one thread at a time, any thread. The server must outlive it.
#pragma once

#include <signet/base/error.hpp>
#include <signet/base/time.hpp>
#include <signet/face/call_arguments.hpp>
#include <signet/os/process.hpp>
#include <signet/pattern/service/call_server.hpp>
#include <signet/pattern/service/pulse.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace signet {

class client;

namespace face {

/// Who is at the other end, where the carrier and the kernel know it.
std::optional<os::process> process_of(const transport::channel_end& end);

}  // namespace face

class request {
public:
    request(request&&) noexcept = default;
    request& operator=(request&& other) noexcept;

    /// Tells the caller that nobody answered, where that is so.
    ~request();

    /// What is called. Valid until it is answered.
    std::string_view method() const { return call().frame().method; }

    /// Whether somebody waits for the answer; nobody does after client::notify() and pulse(), and
    /// what is replied goes nowhere.
    bool wants_reply() const { return call().wants_reply(); }

    /// Two integers, from client::pulse(); nothing has to be replied. code() and value() are for
    /// pulses only, or a contract_violation.
    bool is_pulse() const { return call().is_pulse(); }
    std::int32_t code() const { return as_pulse().code; }
    std::int64_t value() const { return as_pulse().value; }

    /// Who calls, as far as the carrier knows; and the process that connected, where the kernel
    /// knows it, which may have ended since.
    transport::peer_identity caller() const { return call().from().line->end().peer(); }
    std::optional<os::process> caller_process() const {
        return face::process_of(call().from().line->end());
    }

    /// When its caller gives up; `never`: it waits.
    deadline until() const { return call().until(); }

    /// More is more urgent; see server_options::priority_max.
    std::uint8_t priority() const { return call().priority(); }

    /// Asked to stop when nobody waits for the answer any more. From the first time on somebody
    /// watches for that, a thread where there is no other.
    std::stop_token stop_token() const { return call().stop_token(); }

    /// Its arguments, once; what is a view, a stream or a function of the caller's is valid until
    /// it is answered. None: they are others, which the caller was told; it is answered.
    template <class... Args>
    std::optional<std::tuple<Args...>> arguments() {
        static_assert((face::require_passable<Args>() && ...));
        face::arguments_room<std::tuple<Args...>> room;
        if (auto why = take_arguments(room)) return answer_with(std::move(why)), std::nullopt;
        return std::apply([](auto&... one) { return std::tuple<Args...>{std::move(*one)...}; },
                          room.values);
    }

    /// Answers with a value, a stream, or an open file; or with nothing.
    template <class Result>
    void reply(Result&& result) {
        static_assert(face::require_passable_or_text<std::remove_cvref_t<Result>>());
        std::vector<std::byte> bytes = begin_result();
        face::append_result(call(), bytes, std::forward<Result>(result));
        answer_with({}, bytes);
    }
    void reply();

    /// Answers that it failed: the caller gets a remote_error of that type and text.
    void fail(std::string type, std::string text);

    /// Answers with what `function` gives, or throws, as server::handle() does: it takes the
    /// arguments, and the calls it makes are part of this one. What does not fit the caller is
    /// told. A coroutine answers when it has ended, in the loop of this thread.
    template <class Function>
    void answer(Function function) {
        static_assert(face::callable<Function>,
                      "a function has one signature: not a template, not overloaded, such as a "
                      "lambda whose arguments have types");
        run(face::body_of(std::move(function)));
    }

    /// Has another server answer it: the same call, with what is left of its time, its priority,
    /// and told when nobody waits any more. Its caller gets the answer, or is told what became of
    /// it. Streams and functions cannot be forwarded, which the caller is told. The threads that
    /// serve or receive take the answer. Waits only to connect to there, once, on a connection of
    /// the server's; so the caller that `to` sees is this process.
    void forward(const client& to);

private:
    friend class server;

    request(pattern::call_server& by, std::shared_ptr<pattern::incoming_call> call)
        : by_{&by}, call_{std::move(call)} {}

    pattern::incoming_call& call() const {
        if (!call_) complain_of_answer();
        return *call_;
    }
    template <class Tuple>
    std::optional<wire::rpc_failure> take_arguments(face::arguments_room<Tuple>& into) {
        const pattern::serving_call now{call_};
        return face::take_arguments(call(), into);
    }
    [[noreturn]] static void complain_of_answer();
    pattern::pulse as_pulse() const;
    std::vector<std::byte> begin_result() const;
    void run(const pattern::method_body& body);
    void answer_with(std::optional<wire::rpc_failure> failure,
                     const std::vector<std::byte>& result = {});
    void drop() noexcept;

    pattern::call_server* by_;
    std::shared_ptr<pattern::incoming_call> call_;  ///< null: it was answered, or moved
};

}  // namespace signet
