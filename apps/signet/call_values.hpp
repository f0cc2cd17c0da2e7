// SPDX-License-Identifier: Apache-2.0
// Arguments of a call as a person writes them, and its result as he reads it. Pure functions; any
// thread.
#pragma once

#include <signet/wire/json.hpp>
#include <signet/wire/signature.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace signet::command {

/// All in a row. Each word is JSON, or else text, for a parameter of `method` where that says of
/// which type it is; null: nobody says. Throws std::runtime_error: one of another type, too few,
/// too many.
std::vector<std::byte> pack_arguments(const std::vector<std::string>& words,
                                      const wire::method_signature* method);

/// As JSON: with the names of fields where the method tells them. Throws `error`: it is no value.
std::string result_json(std::span<const std::byte> result, const wire::method_signature* method,
                        wire::json_style style);

/// Whether a method takes any number of values for its last parameter.
bool takes_any_number(const wire::method_signature& method);

/// The type of such a parameter.
inline constexpr const char* any_number_type = "any...";

}  // namespace signet::command
