// SPDX-License-Identifier: Apache-2.0
// What others are told of a C++ function: the types that it takes and gives. Any thread.
#pragma once

#include <signet/face/call_arguments.hpp>
#include <signet/wire/describe.hpp>
#include <signet/wire/signature.hpp>

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace signet {

using wire::method_signature;
using wire::value_signature;

namespace face {

/// What belongs to a connection has a name, and no layout.
template <class T>
value_signature special_signature() {
    if constexpr (special_parameter<T>) {
        return {.type = type_text<T>()};
    } else {
        return {.type = is_stream_writer<T> ? "a stream" : "a function"};
    }
}

/// What those who ask are told of a parameter of this type, or of a result.
template <class T>
value_signature value_signature_of() {
    if constexpr (std::is_void_v<T>) {
        return {.type = "nothing"};
    } else if constexpr (text_like<T>) {
        return {.type = "text", .layout = wire::text_descriptor()};
    } else if constexpr (is_async_result<T>) {
        return {.type = "a result"};
    } else if constexpr (special_parameter<T> || is_stream_writer<T> || callable<T>) {
        return special_signature<T>();
    } else {
        const wire::type_descriptor& layout = wire::packed_descriptor_of<T>();
        return {.type = layout.name(),
                .optional = layout.root().kind == wire::type_kind::optional,
                .layout = layout};
    }
}

template <class Result, class... Args>
method_signature signature_with(const std::tuple<Args...>*) {
    return {.parameters = {value_signature_of<Args>()...}, .result = value_signature_of<Result>()};
}

/// What those who ask a server are told of a method.
template <class Function>
method_signature signature_of() {
    using arguments = typename signature<Function>::arguments;
    using result = typename given_by<typename signature<Function>::result>::type;
    return signature_with<result>(static_cast<const arguments*>(nullptr));
}

/// The same with the names of its parameters, where they have some.
inline method_signature named(method_signature what, std::vector<std::string> names) {
    for (std::size_t i = 0; i < names.size(); ++i) what.parameters[i].name = std::move(names[i]);
    return what;
}

}  // namespace face
}  // namespace signet
