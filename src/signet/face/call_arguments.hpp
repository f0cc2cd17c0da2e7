// SPDX-License-Identifier: Apache-2.0
// The arguments of a call and its result, at the end that is called: how they are read for a
// function, and written. The other end: argument_list.hpp.
//
// Thread safety: of one call, the thread that runs it.
#pragma once

#include <signet/face/argument_list.hpp>
#include <signet/face/call_types.hpp>
#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_error.hpp>
#include <signet/pattern/service/incoming_call.hpp>
#include <signet/pattern/service/outgoing_call.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace signet::face {

/// Calls who made a call, on its connection, and waits for the answer. Throws call_error.
void call_caller(pattern::incoming_call& of, pattern::outgoing_call& under_way,
                 const pattern::call_request& request);

/// A function of whoever made a call, as long as that lasts.
class lent_function {
public:
    /// Of the call that this thread runs.
    explicit lent_function(std::uint32_t number)
        : of_{pattern::this_thread_serves()}, number_{number} {}

    /// Has it called, and waits for what it gives.
    template <class Result, class... Args>
    Result call(const Args&... args) const {
        const std::shared_ptr<pattern::incoming_call> of = of_.lock();
        if (!of) complain_of_end();
        pattern::outgoing_call under_way;
        argument_list list{of->from(), &under_way};
        list.append(number_);
        (list.append(args), ...);
        call_caller(*of, under_way, list.request(pattern::back_method, 0));
        return read_result<Result>(under_way);
    }

private:
    [[noreturn]] static void complain_of_end();

    std::weak_ptr<pattern::incoming_call> of_;
    std::uint32_t number_;
};

template <class T>
struct lent;
template <class Result, class... Args>
struct lent<std::function<Result(Args...)>> {
    static std::function<Result(Args...)> make(lent_function from) {
        return [from = std::move(from)](Args... args) { return from.call<Result>(args...); };
    }
};

/// Large memory as an argument; false: the reader says why not.
bool take_large(wire::value_reader& from, pattern::incoming_call& call, std::size_t item_bytes,
                large_memory& into);

/// Reads one argument; false: the reader says why not.
template <class T>
bool take_argument(wire::value_reader& from, pattern::incoming_call& call, std::optional<T>& into) {
    std::uint32_t number = 0;
    if constexpr (std::same_as<T, os::descriptor>) {
        if (!from.take(wire::special::descriptor, number, "is not an open file")) return false;
        return bool{into.emplace(call.take_descriptor(number))};
    } else if constexpr (is_stream<T>) {
        if (!from.take(wire::special::stream, number, "is not a stream")) return false;
        auto stream = call.take_stream(number);
        if (!stream) return from.fail("is a stream that is read already");
        into.emplace(stream_access::reader<typename item_of<T>::type>(std::move(stream)));
        return true;
    } else if constexpr (is_function<T>) {
        if (!from.take(wire::special::function, number, "is not a function")) return false;
        into.emplace(lent<T>::make(lent_function{number}));
        return true;
    } else if constexpr (is_large<T>) {
        large_memory memory;
        constexpr std::size_t item_bytes = sizeof(typename item_of_large<T>::type);
        if (!take_large(from, call, item_bytes, memory)) return false;
        into.emplace(large_access::made<T>(std::move(memory)));
        return true;
    } else {
        return from.take(into.emplace());
    }
}

/// Arguments as they are read, one after the other.
template <class Tuple>
struct arguments_room;
template <class... Args>
struct arguments_room<std::tuple<Args...>> {
    std::tuple<std::optional<Args>...> values;
    std::size_t taken = 0;

    bool take(wire::value_reader& from, pattern::incoming_call& call) {
        return std::apply(
            [&](auto&... one) { return ((take_argument(from, call, one) && ++taken != 0) && ...); },
            values);
    }

    template <class Function>
    decltype(auto) give_to(Function& function) {
        return std::apply(
            [&](auto&... one) -> decltype(auto) { return function(std::move(*one)...); }, values);
    }
};

/// Where they are while a function runs; or as long as somebody keeps them, and with them the
/// function, and the call whose bytes views point into, which this thread runs.
template <class Tuple>
class passing_room {
public:
    explicit passing_room(std::nullptr_t) {}
    arguments_room<Tuple>& room() noexcept { return room_; }
    static std::shared_ptr<void> keep() noexcept { return nullptr; }

private:
    arguments_room<Tuple> room_;
};

template <class Tuple>
class lasting_room {
public:
    explicit lasting_room(std::shared_ptr<void> function)
        : kept_{std::make_shared<contents>(std::move(function), pattern::this_thread_serves())} {}
    arguments_room<Tuple>& room() noexcept { return kept_->room; }
    std::shared_ptr<void> keep() const noexcept { return kept_; }

private:
    struct contents {
        contents(std::shared_ptr<void> what, std::shared_ptr<pattern::incoming_call> of)
            : function{std::move(what)}, call{std::move(of)} {}

        std::shared_ptr<void> function;
        std::shared_ptr<pattern::incoming_call> call;
        arguments_room<Tuple> room;
    };

    std::shared_ptr<contents> kept_;
};

/// A function that has ended when it returns; or one that goes on then.
template <class Function>
class passing_function {
public:
    explicit passing_function(Function what) : what_{std::move(what)} {}
    Function& get() noexcept { return what_; }
    static std::nullptr_t keep() noexcept { return nullptr; }

private:
    Function what_;
};

template <class Function>
class lasting_function {
public:
    explicit lasting_function(Function what) : what_{std::make_shared<Function>(std::move(what))} {}
    Function& get() noexcept { return *what_; }
    std::shared_ptr<void> keep() const noexcept { return what_; }

private:
    std::shared_ptr<Function> what_;
};

wire::rpc_failure wrong_arguments(const std::string& takes, const std::string& why);

/// Reads the arguments of a call, which this thread runs; or why they are none.
template <class Tuple>
std::optional<wire::rpc_failure> take_arguments(pattern::incoming_call& call,
                                                arguments_room<Tuple>& into) {
    constexpr std::size_t count = std::tuple_size_v<Tuple>;
    constexpr const Tuple* none = nullptr;
    const wire::rpc_frame& frame = call.frame();
    if (frame.arguments > count) {
        return wrong_arguments(arguments_text(none), "got " + std::to_string(frame.arguments));
    }
    wire::value_reader from{frame.body, frame.arguments};
    if (!into.take(from, call)) {
        return wrong_arguments(
            arguments_text(none),
            "of argument " + std::to_string(into.taken + 1) + ", " + from.complaint());
    }
    if (from.at_end()) return std::nullopt;
    return wrong_arguments(arguments_text(none), "there is something behind them");
}

/// As the result of a call: a stream; or, for who knows none, all of its items as a list.
void append_stream(pattern::incoming_call& call, std::vector<std::byte>& into,
                   std::shared_ptr<pattern::outgoing_stream> stream);
void append_items(const pattern::incoming_call& call, std::vector<std::byte>& into,
                  pattern::outgoing_stream& stream);

/// As the result of a call: as an open file where the caller takes one, else as bytes.
void append_large(pattern::incoming_call& call, std::vector<std::byte>& into,
                  const transport::shm::sealed_memory* memory);

/// Appends what a function gave, as the result of its call.
template <class Result>
void append_result(pattern::incoming_call& call, std::vector<std::byte>& into, Result&& result) {
    using type = std::remove_cvref_t<Result>;
    if constexpr (std::same_as<type, os::descriptor>) {
        call.reply_with(std::move(result));
        wire::append_special(into, {wire::special::descriptor, 0});
    } else if constexpr (is_large<type>) {
        append_large(call, into, large_access::memory_of(result).get());
    } else if constexpr (is_stream<type>) {
        if (call.from().knows_extensions())
            return append_stream(call, into, stream_access::writer(std::move(result)));
        append_items(call, into, *stream_access::writer(std::move(result)));
    } else {
        wire::append_value(into, result);
    }
}

/// Has a coroutine run in the loop of this thread, and answers the call when it has ended. `room`
/// holds what the coroutine may refer to. In service_tasks.hpp.
template <class Result>
void answer_in_loop(task<Result> body, std::shared_ptr<void> room);

template <class Result>
void take_result(pattern::incoming_call& call, std::vector<std::byte>& into, Result&& result,
                 std::shared_ptr<void> room) {
    using type = std::remove_cvref_t<Result>;
    if constexpr (is_task<type>) {
        answer_in_loop(std::move(result), std::move(room));
    } else if constexpr (is_stream<type>) {
        append_result(call, into, stream_access::with_room(std::move(result), std::move(room)));
    } else {
        append_result(call, into, std::forward<Result>(result));
    }
}

template <class Function>
pattern::method_body body_of(Function function) {
    using arguments = typename signature<Function>::arguments;
    using result = typename signature<Function>::result;
    static_assert(all_passable<arguments> && require_passable<typename given_by<result>::type>());
    // A coroutine goes on referring to its arguments, and to what a lambda captured, when it has
    // returned.
    constexpr bool lasts = is_task<result> || is_stream<result>;
    using kept = std::conditional_t<lasts, lasting_function<Function>, passing_function<Function>>;
    return [what = kept{std::move(function)}](pattern::incoming_call& call,
                                              std::vector<std::byte>& into) mutable {
        std::conditional_t<lasts, lasting_room<arguments>, passing_room<arguments>> held{
            what.keep()};
        arguments_room<arguments>& room = held.room();
        std::optional<wire::rpc_failure> why = take_arguments(call, room);
        if (why) return why;
        if constexpr (std::is_void_v<result>) {
            room.give_to(what.get());
            into.push_back(std::byte{wire::format::nil});
        } else {
            take_result(call, into, room.give_to(what.get()), held.keep());
        }
        return why;
    };
}

}  // namespace signet::face
