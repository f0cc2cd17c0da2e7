// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/region_layout.hpp>

#include <gtest/gtest.h>

#include <array>

namespace signet::memory {
namespace {

class RegionLayout : public ::testing::Test {
protected:
    RegionLayout() { format_region(memory_.data(), shape_, 42); }

    std::string flaw(std::uint64_t bytes) {
        region_geometry found;
        return flaw_of(memory_.data(), bytes, found);
    }

    const region_geometry shape_{1 << 16, 4, 8};
    alignas(page_bytes) std::array<std::byte, page_bytes> memory_{};
};

TEST_F(RegionLayout, IsFoundAsItWasMade) {
    region_geometry found;
    EXPECT_EQ(flaw_of(memory_.data(), shape_.bytes, found), "");
    EXPECT_EQ(found, shape_);
}

TEST_F(RegionLayout, OfAnotherSizeSaysSo) {
    EXPECT_EQ(flaw(1 << 15), "it has 32768 bytes, and should have 65536");
    EXPECT_EQ(flaw(100), "it is too short to be a region");
}

TEST_F(RegionLayout, OfAnotherVersionSaysSo) {
    reinterpret_cast<region_header*>(memory_.data())->version.store(9, std::memory_order_relaxed);
    EXPECT_EQ(flaw(shape_.bytes), "it has layout 9, this program knows 1");
}

TEST_F(RegionLayout, IsFlawedWhereverAByteOfItsDescriptionIsAnother) {
    for (std::size_t i = 0; i < offsetof(region_header, id) + 8; ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            memory_[i] ^= std::byte{1} << bit;
            EXPECT_NE(flaw(shape_.bytes), "") << "byte " << i;
            memory_[i] ^= std::byte{1} << bit;
        }
    }
}

TEST_F(RegionLayout, IsSoundWithinItsLimitsOnly) {
    for (const region_geometry& wrong :
         {region_geometry{1 << 16, 0, 8}, region_geometry{1 << 20, seats_limit + 1, 8},
          region_geometry{1 << 16, 4, 0}, region_geometry{1 << 30, 4, (1 << 16) + 1},
          region_geometry{(1 << 16) + 1, 4, 8}, region_geometry{page_bytes, 4, 8},
          region_geometry{std::uint64_t{1} << 40, 4, 8}, region_geometry{0, 4, 8}}) {
        EXPECT_FALSE(wrong.sound());
    }
    EXPECT_TRUE((region_geometry{1 << 26, seats_limit, 1 << 16}.sound()));
}

TEST(Stamp, IsOfASeatAndAGeneration) {
    const stamp one{509, stamp::generation_max};
    EXPECT_EQ(one.seat(), 509U);
    EXPECT_EQ(one.generation(), stamp::generation_max);
    EXPECT_EQ(stamp::of(one.bits() | waiters_bit | inherited_bit), one);
    EXPECT_TRUE(stamp::of(waiters_bit | inherited_bit).nobody());
    EXPECT_GE(stamp::of(stamp::mask).seat(), seats_limit);
}

}  // namespace
}  // namespace signet::memory
