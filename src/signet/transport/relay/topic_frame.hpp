// SPDX-License-Identifier: Apache-2.0
// What travels on a channel that carries a topic, each a message of the channel; docs/formats.md
// draws it. The subscriber asks, the publisher answers or refuses; then there are messages one way.
// What a peer wrote is checked here: whatever it can get wrong is an `error` (peer_misbehaved).
// Free functions and values; any thread.
#pragma once

#include <signet/base/error.hpp>
#include <signet/transport/topic.hpp>
#include <signet/transport/topic_carrier.hpp>
#include <signet/wire/descriptor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signet::transport::relay {

/// Both sides name theirs first; another version is refused with words that say both.
inline constexpr std::uint64_t topic_protocol_version = 1;

/// What the frames before the messages need at most.
inline constexpr std::uint64_t talk_bytes_max = std::uint64_t{64} << 10;

/// Messages until other relays have a turn.
inline constexpr int turn_messages = 64;

/// `subscribe`: who asks, and for what.
struct subscription {
    remote_end who{};
    subscriber_options options{};
    std::optional<wire::type_descriptor> type{};  ///< none: takes any
};
std::vector<std::byte> write(const subscription& what);

/// `accept`: who answers, and what it sends.
struct acceptance {
    remote_end who{};
    wire::type_descriptor type;
    std::uint64_t payload_bytes_max = 0;
    std::uint64_t now_ns = 0;  ///< its clock
};
std::vector<std::byte> write(const acceptance& what);

/// `refuse`: either side; the channel ends with it.
struct refusal {
    remote_end who{};
    errc code = errc::refused;
    std::string reason{};
};
std::vector<std::byte> write(const refusal& what);

/// A message's header, little-endian; the message follows it.
///
///      0      1        8          16         24         32
///      +------+--------+----------+----------+----------+---------
///      | 1    | 0      | number   | time ns  | lost     | message ...
///      +------+--------+----------+----------+----------+---------
inline constexpr std::size_t message_header_bytes = 32;
std::array<std::byte, message_header_bytes> header_of(const relayed_message& message);

/// Whether a frame is a message; others begin with a map of MessagePack.
bool is_message(std::span<const std::byte> frame);

/// Views of the frame.
relayed_message read_message(std::span<const std::byte> frame);

subscription read_subscription(std::span<const std::byte> frame);

/// The answer to it. Throws the `error` that a refusal says, about `address`; `refused` has what it
/// was.
acceptance read_answer(std::span<const std::byte> frame, const std::string& address,
                       std::optional<refusal>& refused);

/// What the subscriber says after that it asked, which is a refusal or nothing.
refusal read_refusal(std::span<const std::byte> frame);

}  // namespace signet::transport::relay
