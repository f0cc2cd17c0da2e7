// SPDX-License-Identifier: Apache-2.0
#include <signet/os/coarse_clock.hpp>

#include <signet/testing/eventually.hpp>

#include <gtest/gtest.h>

namespace signet::os {
namespace {

TEST(CoarseClock, IsNeverAheadOfTheRealOne) {
    for (int i = 0; i < 1000; ++i) {
        const auto coarse = coarse_now();
        ASSERT_LE(coarse, clock::now());
    }
}

TEST(CoarseClock, CatchesUpWithTheRealOne) {
    const auto now = clock::now();
    EXPECT_TRUE(testing::eventually([&] { return coarse_now() >= now; }));
}

}  // namespace
}  // namespace signet::os
