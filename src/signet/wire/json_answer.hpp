// SPDX-License-Identifier: Apache-2.0
// Answers of JSON-RPC 2.0, one object each. `id` is JSON itself, as the client spelled it. Pure
// functions; any thread.
//
//     code    message             data
//     -32700  Parse error         -
//     -32600  Invalid Request     -, or what is wrong
//     -32601  Method not found    -
//     -32602  Invalid params      what is wrong
//     -32000  the text            {"type": of the exception, "ran": "yes"}: the handler threw it
//     -32001  the text            {"ran": "no"}: overloaded
//     -32002  the text            {"ran": "no"}: expired
//     -32003  the text            {"ran": "no"}: cancelled
//     -32004  the text            {"ran": "no"}: closing
#pragma once

#include <signet/wire/rpc_frame.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace signet::wire {

std::string json_parse_error();
std::string json_invalid_request(std::string_view id, std::string_view why = {});
std::string json_method_not_found(std::string_view id);
std::string json_invalid_params(std::string_view id, std::string_view why);

/// Of a call that went well: `value` is its result. Throws `error` as append_untyped_json().
std::string json_result(std::string_view id, std::span<const std::byte> value);

/// Of one that did not.
std::string json_failure(std::string_view id, const rpc_failure& what);

}  // namespace signet::wire
