// SPDX-License-Identifier: Apache-2.0
// Methods of objects as methods that can be called: their names, and what SIGNET_INTERFACE lists.
// Pure functions; any thread.
#pragma once

#include <signet/face/call_arguments.hpp>
#include <signet/wire/describe.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace signet::face {

template <class Function>
inline constexpr std::size_t argument_count =
    std::tuple_size_v<typename signature<Function>::arguments>;

/// Throws contract_violation where `parameters` are the names of some of its arguments only, or of
/// more, or two are the same.
void require_names(std::string_view method, std::size_t arguments,
                   const std::vector<std::string>& parameters);

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
