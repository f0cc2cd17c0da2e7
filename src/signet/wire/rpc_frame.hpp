// SPDX-License-Identifier: Apache-2.0
// The frames of calls: MessagePack-RPC, as other languages speak it, and what Signet adds within
// its rules (docs/design/services.md). What is read may come from a hostile peer, and may lie in
// memory that it goes on writing to. Pure functions and plain values; any thread.
//
//     request       94 00 ce <id: 4> <method: str> <params: array>
//     response      94 01 ce <id: 4> <error: any> <result: any>      error nil: it went well
//     notification  93 02 <method: str> <params: array>
//     rider         c7 <bytes> 53 <map of small integers>            the first of the params
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::wire {

enum class rpc_kind : std::uint8_t { request = 0, response = 1, notification = 2 };

/// What travels with a call beside its arguments.
struct rpc_rider {
    std::optional<std::uint64_t> nanoseconds_left{};  ///< until its deadline
    std::uint8_t priority = 0;                        ///< more is more urgent
    std::uint32_t specials = 0;                       ///< of its arguments (special_value.hpp)
    std::uint32_t descriptors = 0;                    ///< that come with the frame
    std::uint32_t uses = 0;  ///< so many arguments of later calls will be its result

    bool empty() const noexcept {
        return !nanoseconds_left && (priority | specials | descriptors | uses) == 0;
    }
};

/// A frame as it lies in the bytes it was read from: valid as long as these.
struct rpc_frame {
    rpc_kind kind = rpc_kind::request;
    std::uint32_t id = 0;              ///< not of a notification
    std::string_view method;           ///< not of a response
    rpc_rider rider;                   ///< of a request
    std::size_t arguments = 0;         ///< how many; the rider is none of them
    std::span<const std::byte> body;   ///< the arguments in a row, or the result
    std::span<const std::byte> error;  ///< of a response: one value; empty where it is nil
};

/// The frame that `bytes`, one whole value, is. Throws `error` (peer_misbehaved) where it is none.
rpc_frame read_rpc_frame(std::span<const std::byte> bytes);

/// Whether `bytes` are one frame and nothing else, of the form that most have: a request without a
/// rider, or a result, as we write it, of values whose marks tell their lengths. False: they may
/// still be a frame, or the begin of one, and nothing is to be read from `into`.
bool read_plain_frame(std::span<const std::byte> bytes, rpc_frame& into);

/// What stands before the arguments of a request, or of a notification, and before a result.
void put_request_head(std::vector<std::byte>& into, std::uint32_t id, std::string_view method,
                      const rpc_rider& rider, std::size_t arguments);
void put_notification_head(std::vector<std::byte>& into, std::string_view method,
                           const rpc_rider& rider, std::size_t arguments);
void put_result_head(std::vector<std::byte>& into, std::uint32_t id);

/// How a call failed, as its caller is told.
struct rpc_failure {
    std::string code{};  ///< one of Signet's; empty: the handler's own exception
    std::string type{};  ///< of that exception
    std::string text{};
    std::string ran{};  ///< "no", "yes"; empty where nobody says
};

/// How it failed, as one value; and the whole response of a call that failed.
void append_failure(std::vector<std::byte>& into, const rpc_failure& what);
void put_failure(std::vector<std::byte>& into, std::uint32_t id, const rpc_failure& what);

/// From the error of a response, ours or anybody's: any one value.
rpc_failure read_failure(std::span<const std::byte> error);

}  // namespace signet::wire
