// SPDX-License-Identifier: Apache-2.0
// `server`, as users know it by service.hpp, where the rules of use stand.
#pragma once

#include <signet/base/error.hpp>
#include <signet/base/time.hpp>
#include <signet/face/method.hpp>
#include <signet/pattern/service/call_server.hpp>

#include <chrono>
#include <cstddef>
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

using pattern::server_counts;
using pattern::server_options;

/// The call that this thread works on.
class served_call {
public:
    /// Who calls, as far as the carrier knows.
    transport::peer_identity caller() const { return now_.call->from().line->end().peer(); }

    /// When its caller gives up; `never`: it waits.
    deadline until() const noexcept { return now_.call->until(); }

    /// Asked to stop when nobody waits for this call any more: it was cancelled, or its caller is
    /// gone. From the first time on somebody watches for that, a thread where there is no other.
    std::stop_token stop_token() const { return now_.call->stop_token(*now_.attendance); }

private:
    friend std::optional<served_call> current_call();

    explicit served_call(pattern::call_at_work now) : now_{std::move(now)} {}

    pattern::call_at_work now_;
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
    /// contract_violation: there is one of that name, or it begins with "signet.".
    template <class Function>
    void handle(std::string name, Function function) {
        static_assert(face::callable<Function>,
                      "a method has one signature: not a template, not overloaded, such as a "
                      "lambda whose arguments have types");
        engine().handle(std::move(name), face::body_of(std::move(function)));
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

    /// Serves in this thread. Returns when stop() was called, or a stop asked for.
    void serve(std::stop_token stop = {}) { engine().serve({never, std::move(stop)}); }

    /// The same for at most `limit`. False: the time was over.
    bool serve_for(std::chrono::nanoseconds limit) { return engine().serve({after(limit), {}}); }

    /// Serves in `threads` threads of its own, until stop().
    void serve_in_background(std::size_t threads);

    /// Ends serving, in all threads. Calls that run now come to their end.
    void stop();

    server_counts counts() const { return engine_->counts(); }

private:
    pattern::call_server& engine() noexcept { return *engine_; }

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
