// SPDX-License-Identifier: Apache-2.0
#include <signet/os/ancillary.hpp>

#include <signet/base/error.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace signet::os {
namespace {

TEST(Ancillary, WithNothingToCarryThereIsNoBuffer) {
    ancillary_buffer sent{std::span<const int>{}};
    ancillary_buffer received{0, ancillary_buffer::sender::unasked};
    EXPECT_EQ(sent.data(), nullptr);
    EXPECT_EQ(received.data(), nullptr);
    EXPECT_EQ(received.size(), 0);
}

TEST(Ancillary, ThereIsRoomForTheMostTheKernelCarriesAndASender) {
    const std::vector<int> many(message_descriptors_max, 0);
    const ancillary_buffer sent{many};
    const ancillary_buffer received{message_descriptors_max, ancillary_buffer::sender::wanted};
    EXPECT_GT(received.size(), sent.size());
}

TEST(Ancillary, MoreThanTheKernelCarriesBreaksTheContract) {
    const std::vector<int> many(message_descriptors_max + 1, 0);
    EXPECT_THROW(ancillary_buffer{many}, contract_violation);
}

}  // namespace
}  // namespace signet::os
