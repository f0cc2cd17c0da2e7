// SPDX-License-Identifier: Apache-2.0
// A message of one publisher that comes in pieces, in any order and some twice: whole in the end,
// or given up for a newer one. Pieces are checked by topic_datagram::read. Memory is taken for one
// message. One thread.
#pragma once

#include <signet/transport/udp/udp_topic_frame.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace signet::transport::udp {

class assembly {
public:
    /// The whole message, where this piece makes it so. Valid until the next piece.
    std::optional<std::span<const std::byte>> add(const topic_datagram& piece,
                                                  std::span<const std::byte> body);

private:
    void begin(const topic_datagram& piece);

    std::optional<std::uint64_t> number_;
    std::vector<std::byte> bytes_;
    std::vector<bool> there_;
    std::size_t missing_ = 0;
};

}  // namespace signet::transport::udp
