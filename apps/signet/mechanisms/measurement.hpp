// SPDX-License-Identifier: Apache-2.0
// Two processes exchange messages over a mechanism, check each of them, and take the time. For one
// thread that has no endpoints of its own: it forks.
#pragma once

#include "mechanism.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace signet::command {

/// How long each part takes, and how large its messages are.
struct exchange_plan {
    std::size_t round_trip_bytes;
    std::size_t stream_bytes;
    std::chrono::milliseconds length;
};

/// The plan of a row for a table.
exchange_plan plan_of(const mechanism& what, std::chrono::milliseconds length);

/// What came out of it.
struct exchange_result {
    std::string trouble;  ///< why it did not work; empty: all messages arrived as they were sent
    double round_trip_p50_ns = 0;
    double stream_msgs_per_s = 0;
    std::uint64_t messages = 0;  ///< exchanged in all

    bool ok() const noexcept { return trouble.empty(); }
};

/// Message `n` is `n` and what follows from it, so that each byte is known; what arrives is
/// compared. Ends after half a minute at the latest. Throws nothing but std::bad_alloc.
exchange_result measure_exchange(const mechanism& what, const exchange_plan& plan);

}  // namespace signet::command
