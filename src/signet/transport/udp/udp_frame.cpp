// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_frame.hpp>

#include <algorithm>

namespace signet::transport::udp {
namespace {

constexpr std::uint32_t magic = 0x31756773;  // "sgu1"

template <class Number>
void put(std::byte* to, Number number) noexcept {
    for (std::size_t i = 0; i < sizeof number; ++i) to[i] = static_cast<std::byte>(number >> 8 * i);
}

template <class Number>
Number get(const std::byte* from) noexcept {
    Number number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i)
        number |= static_cast<Number>(std::to_integer<Number>(from[i]) << 8 * i);
    return number;
}

}  // namespace

void datagram_header::write(std::span<std::byte, bytes> to) const noexcept {
    put(to.data(), magic);
    put(to.data() + 4, static_cast<std::uint32_t>(kind));
    put(to.data() + 8, conversation);
    put(to.data() + 16, number);
}

std::optional<datagram_header> datagram_header::read(std::span<const std::byte> from) noexcept {
    if (from.size() < bytes || get<std::uint32_t>(from.data()) != magic) return std::nullopt;
    const auto kind = get<std::uint32_t>(from.data() + 4);
    if (kind >= datagram_kinds) return std::nullopt;
    return datagram_header{datagram_kind{kind}, get<std::uint64_t>(from.data() + 8),
                           get<std::uint64_t>(from.data() + 16)};
}

std::vector<std::byte> written(const datagram_header& header, std::span<const std::byte> body) {
    std::vector<std::byte> all(datagram_header::bytes + body.size());
    header.write(std::span{all}.first<datagram_header::bytes>());
    std::copy(body.begin(), body.end(), all.begin() + datagram_header::bytes);
    return all;
}

}  // namespace signet::transport::udp
