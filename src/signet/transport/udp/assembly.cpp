// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/assembly.hpp>

#include <algorithm>

namespace signet::transport::udp {

std::optional<std::span<const std::byte>> assembly::add(const topic_datagram& piece,
                                                        std::span<const std::byte> body) {
    if (piece.length == body.size()) return body;  // all of it
    const bool known = number_ == piece.number && bytes_.size() == piece.length;
    if (!known && number_ && piece.number <= *number_) return std::nullopt;
    if (!known) begin(piece);
    const std::size_t index = piece.offset / piece_bytes;
    if (there_[index]) return std::nullopt;
    there_[index] = true;
    std::copy(body.begin(), body.end(), bytes_.begin() + piece.offset);
    if (--missing_ != 0) return std::nullopt;
    return bytes_;
}

void assembly::begin(const topic_datagram& piece) {
    number_ = piece.number;
    bytes_.resize(piece.length);
    missing_ = (piece.length + piece_bytes - 1) / piece_bytes;
    there_.assign(missing_, false);
}

}  // namespace signet::transport::udp
