// SPDX-License-Identifier: Apache-2.0
// How messages lie in a stream of bytes, and what two ends tell each other first. Drawn in
// docs/formats.md, "Channels over a stream". Plain values; any thread.
#pragma once

#include <signet/transport/channel.hpp>
#include <signet/wire/descriptor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::transport {

inline constexpr std::uint64_t channel_protocol_version = 1;

/// What follows a header.
enum class frame_kind : std::uint32_t {
    message = 0,
    hello = 1,        ///< first in each direction, once
    end = 2,          ///< the last in its direction; empty
    refusal = 3,      ///< why we do not talk with you: text; the last in its direction
    accompanied = 4,  ///< a message with descriptors: their number (u8), then the message
};

///     | kind: 4 | bytes that follow: 28 |    u32, little-endian
struct frame_header {
    static constexpr std::size_t bytes = 4;
    static constexpr std::uint32_t length_max = (1u << 28) - 1;
    static constexpr std::uint64_t message_bytes_max = length_max - 1;  ///< with a number before it

    frame_kind kind;
    std::uint32_t length;

    std::array<std::byte, bytes> written() const noexcept {
        const std::uint32_t word = static_cast<std::uint32_t>(kind) << kind_shift | length;
        std::array<std::byte, bytes> to;
        for (std::size_t i = 0; i < bytes; ++i) to[i] = static_cast<std::byte>(word >> (8 * i));
        return to;
    }

    /// No value where no correct peer writes that.
    static std::optional<frame_header> read(std::span<const std::byte, bytes> from) noexcept {
        std::uint32_t word = 0;
        for (std::size_t i = 0; i < bytes; ++i) {
            word |= std::to_integer<std::uint32_t>(from[i]) << (8 * i);
        }
        const std::uint32_t kind = word >> kind_shift;
        if (kind > static_cast<std::uint32_t>(frame_kind::accompanied)) return std::nullopt;
        return frame_header{frame_kind{kind}, word & length_max};
    }

private:
    static constexpr unsigned kind_shift = 28;
};

/// The hello and all refusals are shorter than this.
inline constexpr std::size_t greeting_bytes_max = 64 * 1024;

/// What an end says of itself in its hello.
struct greeting {
    std::uint64_t message_bytes_max = 0;  ///< it takes no longer ones
    std::optional<wire::type_descriptor> sends{};
    std::optional<wire::type_descriptor> receives{};
};

/// The bytes of a hello.
std::vector<std::byte> written_greeting(const channel_types& types, const channel_options& options);

/// Reads a peer's. Throws `error`: peer_misbehaved, incompatible_version.
greeting read_greeting(std::span<const std::byte> frame);

/// Throws `error` (incompatible_type) with the obstacles, where one end cannot read what the other
/// one sends.
void require_readable(const channel_types& ours, const greeting& theirs);

}  // namespace signet::transport
