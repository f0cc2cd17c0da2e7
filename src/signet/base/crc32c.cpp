// SPDX-License-Identifier: Apache-2.0
#include <signet/base/crc32c.hpp>

#include <array>
#include <cstring>

namespace signet {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // its bits mirrored

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> sums{};
    for (std::uint32_t byte = 0; byte < sums.size(); ++byte) {
        std::uint32_t sum = byte;
        for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? polynomial : 0);
        sums[byte] = sum;
    }
    return sums;
}

constexpr std::array<std::uint32_t, 256> table = make_table();

std::uint32_t take_bytes(std::uint32_t sum, std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) {
        sum = (sum >> 8) ^ table[(sum ^ std::to_integer<std::uint32_t>(byte)) & 0xff];
    }
    return sum;
}

#ifdef __x86_64__
constexpr std::size_t stride = 8;
const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;

__attribute__((target("sse4.2"))) std::uint32_t take_strides(std::uint32_t before,
                                                             std::span<const std::byte> bytes) {
    std::uint64_t sum = before;
    for (; bytes.size() >= stride; bytes = bytes.subspan(stride)) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), stride);
        sum = __builtin_ia32_crc32di(sum, word);
    }
    return take_bytes(static_cast<std::uint32_t>(sum), bytes);
}
#endif

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) noexcept {
#ifdef __x86_64__
    if (has_instruction) return ~take_strides(~before, bytes);
#endif
    return ~take_bytes(~before, bytes);
}

}  // namespace signet
