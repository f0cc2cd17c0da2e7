// SPDX-License-Identifier: Apache-2.0
// The calls that one text of JSON-RPC 2.0 (https://www.jsonrpc.org/specification) asks for. The
// text may come from a hostile peer. A pure function and plain values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signet::wire {

/// More calls in one batch are refused, all of them.
inline constexpr std::size_t json_batch_max = 1000;

/// A longer id, as it was spelled, is none.
inline constexpr std::size_t json_id_bytes_max = 4096;

struct json_call {
    enum class form : std::uint8_t {
        invalid,       ///< what stands there is no call
        call,          ///< to be answered
        notification,  ///< not to be answered
    };
    form as = form::invalid;
    std::string id = "null";            ///< as it was spelled, where there is a valid one
    std::vector<std::byte> id_value{};  ///< the same as MessagePack
    std::string method{};               ///< not of an invalid one
    std::vector<std::byte> params{};    ///< a list or a map of MessagePack; empty: there are none
};

struct json_calls {
    bool batch = false;
    bool too_many = false;  ///< of which only the first are here
    std::vector<json_call> all{};
};

/// None: `text` is no JSON.
std::optional<json_calls> read_json_calls(std::string_view text);

}  // namespace signet::wire
