// SPDX-License-Identifier: Apache-2.0
// What a server says when it did not run a call, or could not: the `code` of a failure on the wire
// (docs/design/services.md), and the exception that its caller gets. Pure functions; any thread.
#pragma once

#include <signet/pattern/service/call_error.hpp>
#include <signet/transport/topic.hpp>
#include <signet/wire/rpc_frame.hpp>
#include <signet/wire/rpc_names.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace signet::pattern {

using wire::back_method;
using wire::cancel_method;
using wire::describe_method;
using wire::drop_method;
using wire::end_method;
using wire::hello_method;
using wire::item_method;
using wire::more_method;
using wire::pulse_method;
using wire::reserved_names;
inline constexpr std::uint32_t rpc_version = 1;

namespace code {
inline constexpr std::string_view unknown_method = "unknown_method";
inline constexpr std::string_view bad_arguments = "bad_arguments";
inline constexpr std::string_view expired = "expired";
inline constexpr std::string_view overloaded = "overloaded";
inline constexpr std::string_view cancelled = "cancelled";
inline constexpr std::string_view closing = "closing";
inline constexpr std::string_view unanswered = "unanswered";
inline constexpr std::string_view unreachable = "unreachable";
}  // namespace code

/// What an end says of itself in its hello, and in the answer to one: its version, and how many
/// open files it takes with one frame. What the other end said of that; 0 where it did not.
void append_hello(std::vector<std::byte>& into, std::size_t files_max);
std::uint32_t files_max_in(const wire::rpc_frame& hello);
std::uint32_t files_max_in_answer(const wire::rpc_frame& answer);

/// Throws contract_violation: a method cannot have a reserved name.
void require_free(std::string_view name);

/// Of a call that did not run.
wire::rpc_failure not_run(std::string_view code, std::string text);

/// Of a call whose handler threw what is being handled.
wire::rpc_failure thrown_failure();

/// Throws call_error, or remote_error; the same as an exception to be thrown later.
[[noreturn]] void throw_failure(std::string_view method, wire::rpc_failure what);
std::exception_ptr as_exception(std::string_view method, wire::rpc_failure what);

/// Of a call that was given up, by its stop or its deadline.
call_error given_up(const transport::patience& limit, std::string_view method, ran did);

/// Why what was under way on a connection has failed, where the other end closed it, or died; and
/// what that means for one call.
std::exception_ptr peer_gone();
[[noreturn]] void rethrow_as_call(const std::exception_ptr& why, std::string_view method, ran did);

}  // namespace signet::pattern
