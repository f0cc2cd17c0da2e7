// SPDX-License-Identifier: Apache-2.0
// `client`, as users know it by service.hpp, where the rules of use stand.
#pragma once

#include <signet/base/time.hpp>
#include <signet/face/method.hpp>
#include <signet/pattern/service/call_client.hpp>
#include <signet/pattern/service/call_error.hpp>

#include <chrono>
#include <cstddef>
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

/// The arguments of the call that this thread is making.
std::vector<std::byte>& packing_room();

/// The one value that a result is. Throws call_error, with ran::yes.
template <class Result>
Result read_result(pattern::outgoing_call& from) {
    const pattern::frame_bytes bytes = from.result();
    if constexpr (!std::is_void_v<Result>) {
        Result value{};
        wire::value_reader reader{bytes, 1};
        if (reader.take(value) && reader.at_end()) return value;
        throw call_error{errc::incompatible_type, from.method(),
                         "its result is not " + type_text<Result>() + ": " + reader.complaint(),
                         ran::yes};
    }
}

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

}  // namespace face

/// A call that is under way; given up when this goes away.
template <class Result>
class async_result {
public:
    /// Waits for the result. Once.
    Result get() {
        client_->finish(*call_, limit_);
        return face::read_result<Result>(*call_);
    }

    /// Whether get() will not wait.
    bool ready() { return client_->try_finish(*call_); }

private:
    friend class client;

    async_result(pattern::call_client& client, transport::patience limit)
        : client_{&client}, limit_{std::move(limit)} {}

    pattern::call_client* client_;
    transport::patience limit_;
    std::unique_ptr<pattern::outgoing_call> call_ = std::make_unique<pattern::outgoing_call>();
};

class client {
public:
    /// Connects to who serves there. Throws `error`: nobody does, a bad address, no rights.
    explicit client(std::string_view address, const client_options& options = {});
    ~client();
    client(client&&) noexcept;
    client& operator=(client&&) noexcept;

    /// Calls, and waits for the result. Result void: whatever it is.
    template <class Result = void, class... Args>
    Result call(std::string_view method, const Args&... args) {
        return call_with<Result>({}, method, args...);
    }

    /// The same, waiting at most for `limit`; the server knows.
    template <class Result = void, class... Args>
    Result call_for(std::chrono::nanoseconds limit, std::string_view method, const Args&... args) {
        return call_with<Result>({after(limit), {}}, method, args...);
    }

    /// The same until a stop is asked for.
    template <class Result = void, class... Args>
    Result call_with(transport::patience limit, std::string_view method, const Args&... args) {
        static_assert((face::require_argument<Args>() && ...) && face::require_passable<Result>());
        const face::effective_patience both{std::move(limit)};
        pattern::outgoing_call under_way;
        engine_->start(under_way, pack(method, args...), both);
        engine_->finish(under_way, both);
        return face::read_result<Result>(under_way);
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

    /// Calls without waiting. What is sent is sent now.
    template <class Result = void, class... Args>
    async_result<Result> async_call(std::string_view method, const Args&... args) {
        static_assert((face::require_argument<Args>() && ...) && face::require_passable<Result>());
        async_result<Result> result{*engine_, {}};
        engine_->start(*result.call_, pack(method, args...), result.limit_);
        return result;
    }

    /// Has it called, and does not ask what became of it.
    template <class... Args>
    void notify(std::string_view method, const Args&... args) {
        static_assert((face::require_argument<Args>() && ...));
        engine_->notify(pack(method, args...), face::effective_patience{{}});
    }

    /// Who serves, as far as the carrier knows.
    transport::peer_identity server() { return engine_->peer(); }

private:
    template <class... Args>
    static pattern::call_request pack(std::string_view method, const Args&... args) {
        std::vector<std::byte>& room = face::packing_room();
        wire::append_values(room, args...);
        return {method, sizeof...(Args), room};
    }

    template <class Result, class... Declared, class... Args>
    Result call_as(std::string_view name, std::tuple<Declared...>*, const Args&... args) {
        return call<Result>(name, static_cast<const Declared&>(args)...);
    }

    std::unique_ptr<pattern::call_client> engine_;
};

}  // namespace signet
