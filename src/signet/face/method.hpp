// SPDX-License-Identifier: Apache-2.0
// From C++ functions to methods that can be called, and back: which types go in and out, how they
// are read and written. What users see of it is in server.hpp and client.hpp.
//
// Thread safety: a body calls its function in whatever threads serve.
#pragma once

#include <signet/pattern/service/call_codes.hpp>
#include <signet/pattern/service/call_server.hpp>
#include <signet/wire/arguments.hpp>
#include <signet/wire/describe.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace signet::face {

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

/// Always true, or does not compile, and says which type it is.
template <class T>
consteval bool require_passable() {
    if constexpr (!std::is_void_v<T> && !wire::passable<T>) {
        static_assert(wire::require_encodable<T>());
        static_assert(
            wire::passable<T>,
            "an argument or result is made of numbers, enumerations, strings, vectors, "
            "maps, optionals, variants, and structs of them; std::string_view is one too");
    }
    return true;
}

/// The same for what is given as an argument: all that names a text is one.
template <class T>
consteval bool require_argument() {
    if constexpr (std::is_convertible_v<const T&, std::string_view>)
        return true;
    else
        return require_passable<T>();
}

template <class Tuple>
inline constexpr bool all_passable = false;
template <class... Args>
inline constexpr bool all_passable<std::tuple<Args...>> = (require_passable<Args>() && ...);

/// As people read it: "i32", "text", "robot::pose".
template <class T>
std::string type_text() {
    if constexpr (std::is_void_v<T>) {
        return "nothing";
    } else if constexpr (std::is_same_v<T, std::string_view>) {
        return "text";
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

template <class Tuple, std::size_t... Index>
bool take_all(wire::value_reader& from, Tuple& into, std::size_t& taken,
              std::index_sequence<Index...>) {
    return ((from.take(std::get<Index>(into)) && (++taken, true)) && ...);
}

template <class Tuple>
wire::rpc_failure wrong_arguments(const std::string& why) {
    constexpr const Tuple* none = nullptr;
    return pattern::not_run(pattern::code::bad_arguments,
                            "it takes " + arguments_text(none) + ": " + why);
}

/// Reads the arguments of a call; or why they are none.
template <class Tuple>
std::optional<wire::rpc_failure> take_arguments(const wire::rpc_frame& call, Tuple& into) {
    constexpr std::size_t count = std::tuple_size_v<Tuple>;
    if (call.arguments > count) {
        return wrong_arguments<Tuple>("got " + std::to_string(call.arguments));
    }
    wire::value_reader from{call.body, call.arguments};
    std::size_t taken = 0;
    if (!take_all(from, into, taken, std::make_index_sequence<count>{})) {
        return wrong_arguments<Tuple>("of argument " + std::to_string(taken + 1) + ", " +
                                      from.complaint());
    }
    if (!from.at_end()) return wrong_arguments<Tuple>("there is something behind them");
    return std::nullopt;
}

inline void append_nothing(std::vector<std::byte>& into) {
    into.push_back(std::byte{wire::format::nil});
}

/// How a method does its work for anybody who calls it.
template <class Function>
pattern::method_body body_of(Function function) {
    using arguments = typename signature<Function>::arguments;
    using result = typename signature<Function>::result;
    static_assert(all_passable<arguments> && require_passable<result>());
    return [function = std::move(function)](const wire::rpc_frame& call,
                                            std::vector<std::byte>& into) mutable {
        arguments args{};
        std::optional<wire::rpc_failure> why = take_arguments(call, args);
        if (why) return why;
        if constexpr (std::is_void_v<result>) {
            std::apply(function, std::move(args));
            append_nothing(into);
        } else {
            wire::append_value(into, std::apply(function, std::move(args)));
        }
        return why;
    };
}

/// A method of an object, with its name.
template <class Method>
struct named_method {
    std::string_view name;
    Method method;
};

template <class Method>
constexpr named_method<Method> member(std::string_view name, Method method) {
    return {name, method};
}

/// The name by which `Method` goes where it is called by pointer: "calculator.add".
template <auto Method>
std::string name_of_method() {
    using object = typename signature<decltype(Method)>::object;
    constexpr std::string_view type = wire::detail::short_name(wire::spelled_type_name<object>);
    constexpr std::string_view spelled = wire::detail::spelled_address<Method>();
    return std::string{type} + '.' + std::string{wire::detail::last_identifier(spelled)};
}

template <class Object>
concept has_interface = requires(const Object* object) { signet_interface_of(object); };

}  // namespace signet::face
