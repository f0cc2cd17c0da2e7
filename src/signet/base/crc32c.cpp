// SPDX-License-Identifier: Apache-2.0
#include <signet/base/crc32c.hpp>

#include <array>

namespace signet {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // its bits mirrored
constexpr std::size_t stride = 8;

using table = std::array<std::array<std::uint32_t, 256>, stride>;

// tables[n][b]: what byte b does to the checksum when n zero bytes follow it.
constexpr table make_tables() {
    table tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t sum = byte;
        for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? polynomial : 0);
        tables[0][byte] = sum;
    }
    for (std::size_t zeros = 1; zeros < stride; ++zeros) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t sum = tables[zeros - 1][byte];
            tables[zeros][byte] = (sum >> 8) ^ tables[0][sum & 0xff];
        }
    }
    return tables;
}

constexpr table tables = make_tables();

std::uint32_t take_stride(std::uint32_t sum, const std::byte* bytes) {
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < stride; ++i) {
        const std::uint32_t before = i < 4 ? (sum >> (8 * i)) & 0xff : 0;
        next ^= tables[stride - 1 - i][before ^ std::to_integer<std::uint32_t>(bytes[i])];
    }
    return next;
}

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) noexcept {
    std::uint32_t sum = ~before;
    for (; bytes.size() >= stride; bytes = bytes.subspan(stride)) {
        sum = take_stride(sum, bytes.data());
    }
    for (const std::byte byte : bytes) {
        sum = (sum >> 8) ^ tables[0][(sum ^ std::to_integer<std::uint32_t>(byte)) & 0xff];
    }
    return ~sum;
}

}  // namespace signet
