// SPDX-License-Identifier: Apache-2.0
// `client`, as users know it by service.hpp, where the rules of use stand.
#pragma once

#include <signet/base/time.hpp>
#include <signet/face/call_arguments.hpp>
#include <signet/face/description.hpp>
#include <signet/face/method.hpp>
#include <signet/pattern/service/call_batch.hpp>
#include <signet/pattern/service/call_client.hpp>
#include <signet/pattern/service/call_error.hpp>
#include <signet/pattern/service/pulse.hpp>

#include <chrono>
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

using pattern::client_options;

namespace face {

/// The earlier deadline, and either stop: what the caller says, and whom this thread serves.
class effective_patience {
public:
    explicit effective_patience(transport::patience asked);
    effective_patience(const effective_patience&) = delete;
    effective_patience& operator=(const effective_patience&) = delete;

    operator const transport::patience&() const noexcept { return limit_; }

private:
    struct stopping {
        std::stop_source* whom;
        void operator()() const { whom->request_stop(); }
    };

    transport::patience limit_;
    std::optional<std::stop_source> either_;
    std::optional<std::stop_callback<stopping>> first_;
    std::optional<std::stop_callback<stopping>> second_;
};

/// The more urgent of the two: what the client says, and the call that this thread serves.
std::uint8_t effective_priority(std::uint8_t asked) noexcept;

}  // namespace face

/// A call that is under way; given up when this goes away. Of a batch that was not sent yet it can
/// be an argument of a later call.
template <class Result>
class async_result {
public:
    /// Waits for the result. Once. Throws contract_violation: its batch was not sent.
    Result get() { return face::finish_call<Result>(*client_, *call_, limit_, caller_); }

    /// Whether get() will not wait.
    bool ready() { return call_->try_finish(); }

    /// For who implements calls.
    pattern::outgoing_call& engine() const noexcept { return *call_; }

private:
    friend class client;
    friend class batch;

    async_result(pattern::call_client& client, transport::patience limit, face::caller_types caller)
        : client_{&client}, limit_{std::move(limit)}, caller_{caller} {}

    pattern::call_client* client_;
    transport::patience limit_;
    face::caller_types caller_;
    std::shared_ptr<pattern::outgoing_call> call_ = std::make_shared<pattern::outgoing_call>();
};

class client {
public:
    /// Connects to who serves there. Throws `error`: nobody does, a bad address, no rights.
    explicit client(std::string_view address, const client_options& options = {});
    ~client();
    client(client&&) noexcept;
    client& operator=(client&&) noexcept;

    /// Calls, and waits for the result. Result void: whatever it is. Beside values an argument can
    /// be a function, which is called back while the call lasts, in this thread; a stream; an open
    /// file.
    template <class Result = void, class... Args>
    Result call(std::string_view method, Args&&... args) {
        return call_with<Result>({}, method, std::forward<Args>(args)...);
    }

    /// The same, waiting at most for `limit`; the server knows.
    template <class Result = void, class... Args>
    Result call_for(std::chrono::nanoseconds limit, std::string_view method, Args&&... args) {
        return call_with<Result>({after(limit), {}}, method, std::forward<Args>(args)...);
    }

    /// The same until a stop is asked for.
    template <class Result = void, class... Args>
    Result call_with(transport::patience limit, std::string_view method, Args&&... args) {
        static_assert((face::require_argument<std::remove_cvref_t<Args>>() && ...) &&
                      face::require_passable<Result>());
        const face::effective_patience both{std::move(limit)};
        pattern::outgoing_call under_way;
        start(under_way, both, method, std::forward<Args>(args)...);
        return face::finish_call<Result>(*engine_, under_way, both,
                                         &face::types_of_caller<Result, Args...>);
    }

    /// Calls a method of an object that the server handles: call<&calculator::add>(2, 3).
    template <auto Method, class... Args>
        requires std::is_member_function_pointer_v<decltype(Method)>
    auto call(const Args&... args) {
        using signature = face::signature<decltype(Method)>;
        static_assert(std::is_invocable_v<decltype(Method), typename signature::object&, Args...>,
                      "the method takes other arguments");
        static const std::string name = face::name_of_method<Method>();
        return call_as<typename signature::result>(
            name, static_cast<typename signature::arguments*>(nullptr), args...);
    }

    /// Calls without waiting. What is sent is sent now; what calls back waits for get().
    template <class Result = void, class... Args>
    async_result<Result> async_call(std::string_view method, Args&&... args) {
        static_assert((face::require_argument<std::remove_cvref_t<Args>>() && ...) &&
                      face::require_passable<Result>());
        async_result<Result> result{*engine_, {}, &face::types_of_caller<Result, Args...>};
        start(*result.call_, result.limit_, method, std::forward<Args>(args)...);
        return result;
    }

    /// Has it called, and does not ask what became of it.
    template <class... Args>
    void notify(std::string_view method, const Args&... args) {
        static_assert((face::require_passable_or_text<Args>() && ...));
        face::argument_list list{*engine_, nullptr};
        (list.append(args), ...);
        engine_->notify(list.request(method, urgency()), face::effective_patience{{}});
    }

    /// Tells the server two integers, and asks nothing. Waits only to connect anew. False: the
    /// server has not read for so long that the carrier is full; it was not sent.
    bool pulse(std::int32_t code, std::int64_t value = 0) {
        return pattern::send_pulse(*engine_, {code, value}, urgency());
    }

    /// Has `function` called by the server, while a thread waits for an answer, or serves.
    template <class Function>
    void handle(std::string name, Function function) {
        static_assert(face::callable<Function>,
                      "a method has one signature: not a template, not "
                      "overloaded, such as a lambda whose arguments have "
                      "types");
        engine_->handle(std::move(name), face::body_of(std::move(function)));
    }

    /// Runs what the server calls, until a stop is asked for: true; or it has gone: false.
    bool serve(std::stop_token stop = {}) { return engine_->serve({never, std::move(stop)}); }
    bool serve_for(std::chrono::nanoseconds limit) { return engine_->serve({after(limit), {}}); }

    /// For a loop of your own: takes the answers that have arrived, so that async_result::ready()
    /// says so, and runs what the server calls. False: the connection has ended. Until then fd() is
    /// readable when there is something again; do not read from it.
    bool poll() { return engine_->poll(); }
    int fd() { return engine_->fd(); }

    /// What the server's methods take and give. Throws as call(): one that is not of Signet's, or
    /// an older one, knows no such thing.
    std::vector<method_signature> describe() {
        return face::describe(*engine_, face::effective_patience{{}});
    }

    /// Who serves, as far as the carrier knows.
    transport::peer_identity server() { return engine_->peer(); }

private:
    friend class batch;
    friend class request;

    std::uint8_t urgency() const { return face::effective_priority(engine_->options().priority); }

    template <class... Args>
    void start(pattern::outgoing_call& call, const transport::patience& limit,
               std::string_view method, Args&&... args) {
        face::argument_list list{*engine_, &call};
        (list.append(std::forward<Args>(args)), ...);
        engine_->start(call, list.request(method, urgency()), limit);
    }

    template <class Result, class... Declared, class... Args>
    Result call_as(std::string_view name, std::tuple<Declared...>*, const Args&... args) {
        return call<Result>(name, static_cast<const Declared&>(args)...);
    }

    std::unique_ptr<pattern::call_client> engine_;
};

/// Calls that are sent together, at the cost of one round trip. The result of one can be an
/// argument of a later one: nobody waits for it in between.
///
///     batch together{sums};
///     auto five = together.call<int>("add", 2, 3);
///     auto ten = together.call<int>("add", five, 5);
///     together.send();
///     use(ten.get());
///
/// Belongs to one thread, as do its results. The client must outlive it.
class batch {
public:
    explicit batch(client& with) : client_{with.engine_.get()}, engine_{*client_} {}

    template <class Result = void, class... Args>
    async_result<Result> call(std::string_view method, Args&&... args) {
        static_assert((face::require_batch_argument<std::remove_cvref_t<Args>>() && ...) &&
                      face::require_passable<Result>());
        async_result<Result> result{*client_, {}, &face::types_of_caller<Result, Args...>};
        face::argument_list list{*client_, result.call_.get()};
        (list.append(std::forward<Args>(args)), ...);
        engine_.add(result.call_,
                    list.request(method, face::effective_priority(client_->options().priority)),
                    list.references());
        return result;
    }

    /// Throws call_error, with ran::no. What is called later is another batch.
    void send() { engine_.send({}); }

private:
    pattern::call_client* client_;
    pattern::call_batch engine_;
};

}  // namespace signet
