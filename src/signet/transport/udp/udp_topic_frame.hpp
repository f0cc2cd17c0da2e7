// SPDX-License-Identifier: Apache-2.0
// What stands in a datagram of a topic over multicast. Drawn in docs/formats.md, "Topics over UDP".
// Plain values; any thread.
#pragma once

#include <signet/wire/descriptor.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signet::transport::udp {

enum class topic_datagram_kind : std::uint32_t {
    piece = 0,         ///< of a message
    announcement = 1,  ///< who publishes, and what
    question = 2,      ///< to a publisher: announce yourself
    end = 3,           ///< it publishes no more
};
inline constexpr std::uint32_t topic_datagram_kinds = 4;

struct topic_datagram {
    static constexpr std::size_t bytes = 40;

    topic_datagram_kind kind = topic_datagram_kind::piece;
    std::uint64_t publisher = 0;
    std::uint64_t number = 0;   ///< of the message; of the next one where it is no piece
    std::uint64_t time_ns = 0;  ///< by the publisher's clock: published, or announced
    std::uint32_t length = 0;   ///< of the whole message
    std::uint32_t offset = 0;   ///< of the piece, a multiple of piece_bytes

    void write(std::span<std::byte, bytes> to) const noexcept;

    /// No value where no correct publisher writes that.
    static std::optional<topic_datagram> read(std::span<const std::byte> from) noexcept;
};

/// All pieces but the last one have as many: with the headers of UDP and IP version 6 that is a
/// packet of an Ethernet.
inline constexpr std::size_t piece_bytes = 1408;
static_assert(piece_bytes + topic_datagram::bytes + 8 + 40 <= 1500);

inline constexpr std::uint64_t topic_message_bytes_max = std::uint64_t{16} << 20;
inline constexpr std::chrono::milliseconds announce_interval{500};

/// Who is not heard of for so long is given up.
inline constexpr std::chrono::seconds silence_limit{5};

struct announcement {
    wire::type_descriptor type;
    std::uint64_t payload_bytes_max = 0;
    std::string command{};
};

/// The whole datagram.
std::vector<std::byte> written(topic_datagram header, const announcement& about);

/// Of its body. Throws `error`: peer_misbehaved, incompatible_version.
announcement read_announcement(std::span<const std::byte> body);

}  // namespace signet::transport::udp
