// SPDX-License-Identifier: Apache-2.0
// `server`, as users know it by service.hpp, where the rules of use stand.
#pragma once

#include <signet/base/error.hpp>
#include <signet/base/time.hpp>
#include <signet/face/call_arguments.hpp>
#include <signet/face/method.hpp>
#include <signet/face/request.hpp>
#include <signet/face/service_tasks.hpp>
#include <signet/face/signatures.hpp>
#include <signet/pattern/service/call_server.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace signet {

using pattern::kernel_priority;
using pattern::server_counts;
using pattern::server_options;
using transport::name_use;

/// The call that this thread works on.
class served_call {
public:
    /// Who calls, as far as the carrier knows.
    transport::peer_identity caller() const { return now_->from().line->end().peer(); }

    /// The process that connected, where the kernel knows it; it may have ended since.
    std::optional<os::process> caller_process() const {
        return face::process_of(now_->from().line->end());
    }

    /// When its caller gives up; `never`: it waits.
    deadline until() const noexcept { return now_->until(); }

    /// More is more urgent.
    std::uint8_t priority() const noexcept { return now_->priority(); }

    /// Asked to stop when nobody waits for this call any more: it was cancelled, or its caller is
    /// gone. From the first time on somebody watches for that, a thread where there is no other.
    /// While the server lasts.
    std::stop_token stop_token() const { return now_->stop_token(); }

    /// Calls a method of the caller's (client::handle), on its own connection. Throws call_error.
    template <class Result = void, class... Args>
    Result call(std::string_view method, Args&&... args) const {
        pattern::outgoing_call under_way;
        face::argument_list list{now_->from(), &under_way};
        (list.append(std::forward<Args>(args)), ...);
        face::call_caller(*now_, under_way, list.request(method, priority()));
        return face::read_result<Result>(under_way);
    }

private:
    friend std::optional<served_call> current_call();

    explicit served_call(std::shared_ptr<pattern::incoming_call> now) : now_{std::move(now)} {}

    std::shared_ptr<pattern::incoming_call> now_;
};

/// None: this thread runs no method. A copy may go to other threads, and outlive the call, but not
/// the server.
std::optional<served_call> current_call();

class server {
public:
    /// Serves at `address`: "sums", "unix:///run/sums.sock", "tcp://*:4711".
    explicit server(std::string_view address, const server_options& options = {});
    ~server();
    server(server&&) noexcept;
    server& operator=(server&&) noexcept;

    /// Serves there as well. What to connect to, with what the system chose: a port.
    std::string listen(std::string_view address);

    /// Where it serves, as the first address.
    const std::string& address() const noexcept { return address_; }

    /// Has `function` called by that name. Its arguments may be views: std::string_view. Throws
    /// contract_violation: there is one of that name, or it begins with "signet.". `parameters`
    /// names its arguments, all of them, for who gives them by name: `{"minuend", "subtrahend"}`.
    template <class Function>
    void handle(std::string name, Function function, std::vector<std::string> parameters = {}) {
        static_assert(face::callable<Function>,
                      "a method has one signature: not a template, not overloaded, such as a "
                      "lambda whose arguments have types");
        face::require_names(name, face::argument_count<Function>, parameters);
        engine().handle(std::move(name), face::body_of(std::move(function)),
                        face::named(face::signature_of<Function>(), std::move(parameters)));
    }

    /// Has all methods of an object called that SIGNET_INTERFACE lists: "calculator.add". It must
    /// outlive this.
    template <class Object>
    void handle(Object& object) {
        static_assert(face::has_interface<Object>,
                      "list its methods, behind the class: SIGNET_INTERFACE(calculator, add, sub)");
        const Object* const type = nullptr;
        std::apply([&](const auto&... method) { (handle_member(object, method), ...); },
                   signet_interface_of(type));
    }

    /// Has `function` called with the code and the value of each pulse: [](int, std::int64_t) {}.
    template <class Function>
    void on_pulse(Function function) {
        static_assert(std::is_invocable_v<Function&, std::int32_t, std::int64_t>,
                      "a pulse is two integers: its code, and its value");
        engine().on_pulse(face::body_of(std::function<void(std::int32_t, std::int64_t)>{
            [function = std::move(function)](std::int32_t code, std::int64_t value) mutable {
                function(code, value);
            }}));
    }

    /// The next call or pulse, to be answered by this thread or another one: in place of serve().
    /// Whatever its method: those of handle() are not run. None: a stop was asked for.
    std::optional<request> receive(std::stop_token stop = {}) {
        return receive_with({never, std::move(stop)});
    }

    /// The same, waiting at most for `limit`: none, too, where nothing came.
    std::optional<request> receive_for(std::chrono::nanoseconds limit) {
        return receive_with({after(limit), {}});
    }

    /// Serves in this thread. Returns when stop() was called, or a stop asked for.
    void serve(std::stop_token stop = {}) { engine().serve({never, std::move(stop)}); }

    /// Serves in a loop, in place of a thread: in.spawn(server.serve(in)). Functions run in its
    /// thread, and may be coroutines, task<T>, that await whatever the loop waits for. Ends when
    /// stop() was called, or the loop stopped.
    task<> serve(loop& in);

    /// For a loop of your own, from one thread: does what there is to do, and returns. False: it
    /// was stopped. Then fd() is readable when there is something again; do not read from it.
    bool poll() { return engine().poll_and_arm(); }
    int fd() { return engine().fd(); }

    /// The same for at most `limit`. False: the time was over.
    bool serve_for(std::chrono::nanoseconds limit) { return engine().serve({after(limit), {}}); }

    /// Serves in `threads` threads of its own, until stop().
    void serve_in_background(std::size_t threads);

    /// Ends serving, in all threads. Calls that run now come to their end.
    void stop();

    server_counts counts() const { return engine_->counts(); }

private:
    pattern::call_server& engine() noexcept { return *engine_; }

    std::optional<request> receive_with(const transport::patience& limit) {
        auto next = engine().receive(limit);
        if (!next) return std::nullopt;
        return request{engine(), std::move(next)};
    }

    template <class Object, class Method>
    void handle_member(Object& object, const face::named_method<Method>& one) {
        using arguments = typename face::signature<Method>::arguments;
        handle_bound(object, one, static_cast<const arguments*>(nullptr));
    }
    template <class Object, class Method, class... Args>
    void handle_bound(Object& object, const face::named_method<Method>& one,
                      const std::tuple<Args...>*) {
        auto bound = [&object, method = one.method](Args... args) -> decltype(auto) {
            return (object.*method)(std::move(args)...);
        };
        handle(std::string{one.name}, std::move(bound));
    }

    server_options options_;
    std::unique_ptr<pattern::call_server> engine_;
    std::vector<std::thread> threads_;
    std::string address_;
};

}  // namespace signet

/// Lists the methods of a class that others may call. At namespace scope, behind the class, and in
/// its namespace: SIGNET_INTERFACE(calculator, add, divide)
#define SIGNET_INTERFACE(type, ...)                                         \
    inline auto signet_interface_of(const type*) {                          \
        return ::std::tuple{SIGNET_EXPAND(SIGNET_EACH(type, __VA_ARGS__))}; \
    }
#define SIGNET_EACH(type, first, ...)                      \
    ::signet::face::member(#type "." #first, &type::first) \
        __VA_OPT__(, SIGNET_AGAIN SIGNET_PARENTHESES(type, __VA_ARGS__))
#define SIGNET_AGAIN() SIGNET_EACH
#define SIGNET_PARENTHESES ()
#define SIGNET_EXPAND(...) SIGNET_EXPAND_4(SIGNET_EXPAND_4(SIGNET_EXPAND_4(__VA_ARGS__)))
#define SIGNET_EXPAND_4(...) SIGNET_EXPAND_2(SIGNET_EXPAND_2(SIGNET_EXPAND_2(__VA_ARGS__)))
#define SIGNET_EXPAND_2(...) SIGNET_EXPAND_1(SIGNET_EXPAND_1(SIGNET_EXPAND_1(__VA_ARGS__)))
#define SIGNET_EXPAND_1(...) __VA_ARGS__
