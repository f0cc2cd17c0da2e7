// SPDX-License-Identifier: Apache-2.0
// A message of a queue as its reader sees it in place. Plain values; any thread. What lies behind
// the spans belongs to the queue: valid until the record is done.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace signet::memory {

/// What its sender calls a message.
struct message_id {
    std::array<std::byte, 16> bytes{};

    friend bool operator==(const message_id&, const message_id&) = default;
};

/// Why a message is a dead letter. The numbers are part of the format.
enum class dead_reason : std::uint32_t {
    refused = 1,     ///< who had it said so
    deliveries = 2,  ///< it was delivered as often as the queue allows
    expired = 3,
    damaged = 4,  ///< what the queue says about it cannot be
};

/// Which record of a queue, in which life of its page.
struct record_place {
    std::uint32_t page = 0;
    std::uint32_t slot = 0;
    std::uint64_t word = 0;  ///< as it was left: whoever changes it expects this
};

/// What a record says of its message.
struct record_facts {
    std::uint32_t priority = 0;
    std::uint32_t deliveries = 0;  ///< that began, up to 255
    std::uint64_t pushed_ns = 0;
    std::uint64_t due_ns = 0;      ///< 0: at once
    std::uint64_t expires_ns = 0;  ///< 0: never
    std::uint64_t identity = 0;    ///< the same for ever, also where it was written anew
    std::optional<message_id> id{};
    std::string_view reply_to{};
    std::optional<dead_reason> reason{};  ///< of a dead letter
    std::uint32_t former_priority = 0;    ///< likewise
    std::string_view text{};              ///< likewise
};

/// A record, its facts and its payload.
struct queue_record {
    record_place place;
    record_facts facts;
    std::span<const std::byte> payload;
};

/// A record that was taken: its word belongs to who has this.
struct taken_record : queue_record {};

}  // namespace signet::memory
