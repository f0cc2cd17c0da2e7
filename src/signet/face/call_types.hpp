// SPDX-License-Identifier: Apache-2.0
// Which types travel in a call: values, and what only means something on a connection, such as
// functions to be called back, streams, open files. Pure; any thread.
#pragma once

#include <signet/face/large.hpp>
#include <signet/face/stream.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/task.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/describe.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace signet {

template <class Result>
class async_result;

namespace face {

/// What a function takes and gives, of functions, their pointers, and objects with one call
/// operator.
template <class Function>
struct signature : signature<decltype(&Function::operator())> {};
template <class Result, class... Args>
struct signature<Result (*)(Args...)> {
    using result = std::decay_t<Result>;
    using arguments = std::tuple<std::decay_t<Args>...>;
};
template <class Result, class... Args>
struct signature<Result (*)(Args...) noexcept> : signature<Result (*)(Args...)> {};
template <class Class, class Result, class... Args>
struct signature<Result (Class::*)(Args...)> : signature<Result (*)(Args...)> {
    using object = Class;
};
template <class Class, class Result, class... Args>
struct signature<Result (Class::*)(Args...) const> : signature<Result (Class::*)(Args...)> {};
template <class Class, class Result, class... Args>
struct signature<Result (Class::*)(Args...) noexcept> : signature<Result (Class::*)(Args...)> {};
template <class Class, class Result, class... Args>
struct signature<Result (Class::*)(Args...) const noexcept>
    : signature<Result (Class::*)(Args...)> {};

/// Has one signature: not overloaded, not a template.
template <class Function>
concept callable =
    std::is_function_v<std::remove_pointer_t<Function>> ||
    std::is_member_function_pointer_v<Function> || requires { &Function::operator(); };

template <class T>
inline constexpr bool is_function = false;
template <class Result, class... Args>
inline constexpr bool is_function<std::function<Result(Args...)>> = true;

template <class T>
inline constexpr bool is_async_result = false;
template <class T>
inline constexpr bool is_async_result<async_result<T>> = true;

template <class T>
concept text_like = std::is_convertible_v<const T&, std::string_view>;

/// No value: it belongs to a connection.
template <class T>
concept special_result = is_stream<T> || is_large<T> || std::same_as<T, os::descriptor>;
template <class T>
concept special_parameter = special_result<T> || is_function<T>;

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

/// What a function gives: of a coroutine, at its end.
template <class T>
struct given_by {
    using type = T;
};
template <class T>
struct given_by<task<T>> {
    using type = T;
};

/// Always true, or does not compile, and says which type it is.
template <class T>
consteval bool require_passable() {
    if constexpr (!std::is_void_v<T> && !special_parameter<T> && !wire::passable<T>) {
        static_assert(wire::require_encodable<T>());
        static_assert(
            wire::passable<T>,
            "an argument or result is made of numbers, enumerations, strings, vectors, "
            "maps, optionals, variants, and structs of them; std::string_view is one too");
    }
    return true;
}

/// The same for what is given as an argument: all that names a text is one, and what can be called.
template <class T>
consteval bool require_argument() {
    if constexpr (text_like<T> || is_stream_writer<T> || callable<T>) {
        return true;
    } else {
        return require_passable<T>();
    }
}

/// The same in a batch, where what an earlier call gives is one too.
template <class T>
consteval bool require_batch_argument() {
    if constexpr (is_async_result<T>) {
        return true;
    } else {
        return require_argument<T>();
    }
}

/// The same for a notification, which lends nothing.
template <class T>
consteval bool require_passable_or_text() {
    if constexpr (text_like<T>) {
        return true;
    } else {
        return require_passable<T>();
    }
}

template <class Tuple>
inline constexpr bool all_passable = false;
template <class... Args>
inline constexpr bool all_passable<std::tuple<Args...>> = (require_passable<Args>() && ...);

template <class T>
struct item_of;
template <class T>
struct item_of<stream<T>> {
    using type = T;
};

/// As people read it: "i32", "text", "robot::pose".
template <class T>
std::string type_text() {
    if constexpr (std::is_void_v<T>) {
        return "nothing";
    } else if constexpr (std::is_same_v<T, std::string_view>) {
        return "text";
    } else if constexpr (std::is_same_v<T, os::descriptor>) {
        return "an open file";
    } else if constexpr (is_function<T>) {
        return "a function";
    } else if constexpr (is_stream<T>) {
        return "a stream of " + type_text<typename item_of<T>::type>();
    } else if constexpr (is_large<T>) {
        return "large memory of " + type_text<typename item_of_large<T>::type>();
    } else {
        return wire::descriptor_of<T>().name();
    }
}

template <class... Args>
std::string arguments_text(const std::tuple<Args...>*) {
    std::string text;
    ((text += (text.empty() ? "" : ", ") + type_text<Args>()), ...);
    return '(' + text + ')';
}

}  // namespace face
}  // namespace signet
