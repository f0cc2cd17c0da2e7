// SPDX-License-Identifier: Apache-2.0
// Calls in loops: `co_await` of a call that is under way, and of the next item of a stream; a
// server that a loop serves; functions that are coroutines. What users see of it is in service.hpp.
//
// Thread safety: the loop's thread.
#pragma once

#include <signet/face/call_arguments.hpp>
#include <signet/face/client.hpp>
#include <signet/face/stream.hpp>
#include <signet/loop.hpp>
#include <signet/pattern/service/call_host.hpp>
#include <signet/pattern/service/call_server.hpp>
#include <signet/pattern/service/call_session.hpp>
#include <signet/pattern/service/incoming_call.hpp>
#include <signet/task.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace signet {
namespace face {

/// The loop that this thread runs. Throws contract_violation: there is none.
loop& loop_of_this_thread();

/// Waits in a loop for something of a connection.
class awaiting : protected pending, private pattern::call_waiter {
protected:
    awaiting(loop& in, std::shared_ptr<pattern::call_session> on, pattern::awaited* what)
        : pending{in, {}}, on_{std::move(on)}, what_{what} {}

    void wait(std::coroutine_handle<> who);

    /// Before what is awaited goes.
    void take_back();

private:
    void wake() noexcept override { ask_again(); }

    std::shared_ptr<pattern::call_session> on_;  ///< null: there is nothing to wait for
    pattern::awaited* what_;
    bool enlisted_ = false;
};

[[noreturn]] void complain_of_stop(const std::string& method);

/// The result of a call.
template <class Result>
class [[nodiscard]] awaiting_result final : awaiting {
public:
    explicit awaiting_result(async_result<Result> call)
        : awaiting{loop_of_this_thread(), call.engine().on(), &call.engine()},
          call_{std::move(call)} {}
    ~awaiting_result() override { take_back(); }

    bool await_ready() { return look_first(); }
    void await_suspend(std::coroutine_handle<> who) { wait(who); }
    Result await_resume() {
        take_back();
        rethrow();
        if (!call_.engine().done()) complain_of_stop(call_.engine().method());
        return read_result<Result>(call_.engine());
    }

private:
    bool look() override { return call_.ready(); }

    async_result<Result> call_;
};

/// The next item of a stream.
template <class T>
class [[nodiscard]] awaiting_item final : awaiting {
public:
    explicit awaiting_item(stream<T>& from)
        : awaiting{loop_of_this_thread(), stream_access::session(from),
                   stream_access::engine(from)},
          from_{from} {}
    ~awaiting_item() override { take_back(); }

    bool await_ready() { return look_first(); }
    void await_suspend(std::coroutine_handle<> who) { wait(who); }
    std::optional<T> await_resume() {
        take_back();
        rethrow();
        return std::move(item_);
    }

private:
    bool look() override {
        item_ = stream_access::try_next(from_);
        return item_ || from_.ended();
    }

    stream<T>& from_;
    std::optional<T> item_;
};

template <class Result>
task<> answer_when_done(pattern::later_answer answer, task<Result> body,
                        [[maybe_unused]] std::shared_ptr<void> room) {
    pattern::incoming_call& call = *answer.call();
    std::vector<std::byte> result;
    std::optional<wire::rpc_failure> failure;
    wire::put_result_head(result, call.frame().id);
    try {
        auto begun = std::move(body).begun_within(
            [&answer] { return pattern::serving_call{answer.call()}; });
        if constexpr (std::is_void_v<Result>) {
            co_await begun;
            result.push_back(std::byte{wire::format::nil});
        } else {
            append_result(call, result, co_await begun);
        }
    } catch (...) {
        failure = pattern::thrown_failure();
    }
    answer.give(failure, result);
}

template <class Result>
void answer_in_loop(task<Result> body, std::shared_ptr<void> room) {
    loop& here = loop_of_this_thread();
    here.spawn(answer_when_done(pattern::later_answer{pattern::this_thread_serves()},
                                std::move(body), std::move(room)));
}

/// A turn of a server: waits until there is something to do.
class [[nodiscard]] awaiting_work final : pending {
public:
    awaiting_work(loop& in, pattern::call_server& of, const transport::patience& limit)
        : pending{in, limit}, of_{of} {}

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> who) { wait_for(who, of_.watch()); }
    bool await_resume() const {
        rethrow();
        return ready_;
    }

private:
    bool look() override { return ready_ = true; }

    pattern::call_server& of_;
    bool ready_ = false;
};

}  // namespace face

/// Waits in the loop that this thread runs: int five = co_await sums.async_call<int>("add", 2, 3).
/// Throws as get(); call_error, with ran::maybe, where the loop was stopped.
template <class Result>
face::awaiting_result<Result> operator co_await(async_result<Result>&& call) {
    return face::awaiting_result<Result>{std::move(call)};
}

/// The next item of a stream, in the loop that this thread runs; none: it has ended, or the loop
/// was stopped.
template <class T>
face::awaiting_item<T> next_of(stream<T>& from) {
    return face::awaiting_item<T>{from};
}

}  // namespace signet
