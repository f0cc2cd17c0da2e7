// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/offset_ptr.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace signet::sync {
namespace {

TEST(OffsetPtr, IsNullWhereItIsMadeOfZero) {
    const offset_ptr<int> zero = 0;  // as Boost.Container writes it
    const offset_ptr<int> null = nullptr;
    EXPECT_FALSE(zero);
    EXPECT_EQ(zero, null);
}

TEST(OffsetPtr, PointsToTheSameFromEachPlace) {
    int target = 7;
    const offset_ptr<int> one = &target;
    const auto other = std::make_unique<offset_ptr<int>>(one);
    EXPECT_EQ(other->get(), &target);
    EXPECT_EQ(**other, 7);
}

}  // namespace
}  // namespace signet::sync
