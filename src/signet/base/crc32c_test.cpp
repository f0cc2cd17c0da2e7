// SPDX-License-Identifier: Apache-2.0
#include <signet/base/crc32c.hpp>

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace signet {
namespace {

std::uint32_t sum_of(std::string_view text, std::uint32_t before = 0) {
    return crc32c(std::as_bytes(std::span{text}), before);
}

TEST(Crc32c, ItIsTheOneThatOthersCompute) {
    EXPECT_EQ(sum_of("123456789"), 0xe3069283U);
    EXPECT_EQ(crc32c(std::vector<std::byte>(32, std::byte{0})), 0x8a9136aaU);
    EXPECT_EQ(crc32c(std::vector<std::byte>(32, std::byte{0xff})), 0x62a8ab43U);
}

TEST(Crc32c, NothingHasTheSumZero) {
    EXPECT_EQ(sum_of(""), 0U);
}

TEST(Crc32c, PartsAddUpToTheWhole) {
    const std::string_view text = "a text that is longer than one stride of eight bytes";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        EXPECT_EQ(sum_of(text.substr(cut), sum_of(text.substr(0, cut))), sum_of(text));
    }
}

TEST(Crc32c, ByteByByteItIsTheSame) {
    const std::string_view text = "a text that is longer than one stride of eight bytes";
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < text.size(); ++i) sum = sum_of(text.substr(i, 1), sum);
    EXPECT_EQ(sum, sum_of(text));
}

TEST(Crc32c, EachBitCounts) {
    std::vector<std::byte> bytes(20);
    const std::uint32_t before = crc32c(bytes);
    for (std::byte& byte : bytes) {
        byte = std::byte{0x10};
        EXPECT_NE(crc32c(bytes), before);
        byte = std::byte{0};
    }
}

}  // namespace
}  // namespace signet
