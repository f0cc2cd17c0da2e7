// SPDX-License-Identifier: Apache-2.0
// What a server says when it did not run a call, or could not: the `code` of a failure on the wire
// (docs/design/services.md), and the exception that its caller gets. Pure functions; any thread.
#pragma once

#include <signet/wire/rpc_frame.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace signet::pattern {

inline constexpr std::string_view reserved_names = "signet.";
inline constexpr std::string_view hello_method = "signet.hello";
inline constexpr std::string_view cancel_method = "signet.cancel";
inline constexpr std::uint32_t rpc_version = 1;

namespace code {
inline constexpr std::string_view unknown_method = "unknown_method";
inline constexpr std::string_view bad_arguments = "bad_arguments";
inline constexpr std::string_view expired = "expired";
inline constexpr std::string_view overloaded = "overloaded";
inline constexpr std::string_view cancelled = "cancelled";
inline constexpr std::string_view closing = "closing";
}  // namespace code

/// Of a call that did not run.
wire::rpc_failure not_run(std::string_view code, std::string text);

/// Of a call whose handler threw what is being handled.
wire::rpc_failure thrown_failure();

/// Throws call_error, or remote_error.
[[noreturn]] void throw_failure(std::string_view method, wire::rpc_failure what);

}  // namespace signet::pattern
