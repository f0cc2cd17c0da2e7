// SPDX-License-Identifier: Apache-2.0
// From JSON to MessagePack where nobody knows the type, amid other JSON. Part of json_untyped.hpp,
// which says how. A pure function; any thread.
#pragma once

#include <signet/wire/json_scanner.hpp>
#include <signet/wire/message_builder.hpp>

namespace signet::wire::detail {

/// Appends the value that comes next. False: it is no JSON; `into` is then half written.
bool append_untyped(message_builder& into, json_scanner& from);

}  // namespace signet::wire::detail
