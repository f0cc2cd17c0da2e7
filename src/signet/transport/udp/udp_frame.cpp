// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_frame.hpp>

#include <signet/transport/udp/little_endian.hpp>

#include <algorithm>

namespace signet::transport::udp {
namespace {

constexpr std::uint32_t datagram_magic = 0x31756773;  // "sgu1"

}  // namespace

void datagram_header::write(std::span<std::byte, bytes> to) const noexcept {
    put_number(to.data(), datagram_magic);
    put_number(to.data() + 4, static_cast<std::uint32_t>(kind));
    put_number(to.data() + 8, conversation);
    put_number(to.data() + 16, number);
}

std::optional<datagram_header> datagram_header::read(std::span<const std::byte> from) noexcept {
    if (from.size() < bytes || get_number<std::uint32_t>(from.data()) != datagram_magic)
        return std::nullopt;
    const auto kind = get_number<std::uint32_t>(from.data() + 4);
    if (kind >= datagram_kinds) return std::nullopt;
    return datagram_header{datagram_kind{kind}, get_number<std::uint64_t>(from.data() + 8),
                           get_number<std::uint64_t>(from.data() + 16)};
}

std::vector<std::byte> written(const datagram_header& header, std::span<const std::byte> body) {
    std::vector<std::byte> all(datagram_header::bytes + body.size());
    header.write(std::span{all}.first<datagram_header::bytes>());
    std::copy(body.begin(), body.end(), all.begin() + datagram_header::bytes);
    return all;
}

}  // namespace signet::transport::udp
