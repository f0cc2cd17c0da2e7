// SPDX-License-Identifier: Apache-2.0
// What stands in a datagram of a conversation. Drawn in docs/formats.md, "Channels over UDP". Plain
// values; any thread.
#pragma once

#include <signet/os/udp_socket.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace signet::transport::udp {

enum class datagram_kind : std::uint32_t {
    message = 0,    ///< number: of the message, from 0
    hello = 1,      ///< who connects to who listens; number: the cookie, 0 where there is none yet
    challenge = 2,  ///< who listens to who connects: number: the cookie
    welcome = 3,    ///< the answer to a hello with a cookie; number: the other id
    refusal = 4,    ///< why we do not talk with you: text
    end = 5,        ///< its sender sends no more; number: of the messages it sent in all
    bye = 6,        ///< likewise, and it receives no more either
    gone = 7,       ///< nobody here has the conversation that a datagram was for; with its id
};
inline constexpr std::uint32_t datagram_kinds = 8;

///     +0   "sgu1"
///     +4   kind u32, little-endian, as all numbers
///     +8   id of the conversation at who receives this
///     +16  number
///     +24  body
struct datagram_header {
    static constexpr std::size_t bytes = 24;

    datagram_kind kind;
    std::uint64_t conversation;
    std::uint64_t number;

    void write(std::span<std::byte, bytes> to) const noexcept;

    /// No value where no correct peer writes that.
    static std::optional<datagram_header> read(std::span<const std::byte> datagram) noexcept;
};

/// A datagram of its own.
std::vector<std::byte> written(const datagram_header& header, std::span<const std::byte> body = {});

inline constexpr std::size_t datagram_bytes_max = 65507;  ///< by version 4 of IP
inline constexpr std::size_t message_bytes_most = datagram_bytes_max - datagram_header::bytes;

}  // namespace signet::transport::udp
