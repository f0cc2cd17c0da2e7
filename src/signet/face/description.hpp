// SPDX-License-Identifier: Apache-2.0
// What a server says of its methods, and what of it explains why a call failed. Any thread.
#pragma once

#include <signet/face/signatures.hpp>
#include <signet/pattern/service/call_client.hpp>
#include <signet/pattern/service/call_error.hpp>
#include <signet/transport/channel.hpp>
#include <signet/wire/signature.hpp>

#include <tuple>
#include <type_traits>
#include <vector>

namespace signet::face {

/// Asks. Throws as a call does: call_error, of a server that knows no such thing too, and `error`
/// where the answer is no description.
std::vector<method_signature> describe(pattern::call_client& server,
                                       const transport::patience& limit);

/// What the caller of a method gives and expects.
template <class Result, class... Args>
method_signature types_of_caller() {
    return signature_with<Result>(
        static_cast<const std::tuple<std::remove_cvref_t<Args>...>*>(nullptr));
}
using caller_types = method_signature (*)();

/// Throws what is being handled, a call_error. Where the two ends do not understand each other, and
/// the server can say what it takes and gives, the text tells where they differ, field by field.
/// That asks the server once, and waits a second for it at most, and no longer than `limit`.
[[noreturn]] void throw_explained(pattern::call_client& server, const call_error& what,
                                  caller_types caller, const transport::patience& limit);

/// Waits for a call, and has its result. Throws as throw_explained(); a loop, which must not wait,
/// has what was thrown as it is.
template <class Result>
Result finish_call(pattern::call_client& server, pattern::outgoing_call& call,
                   const transport::patience& limit, caller_types caller) {
    try {
        call.finish(limit);
        return read_result<Result>(call);
    } catch (const call_error& e) {
        throw_explained(server, e, caller, limit);
    }
}

}  // namespace signet::face
