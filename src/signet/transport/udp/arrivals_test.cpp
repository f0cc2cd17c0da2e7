// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/arrivals.hpp>

#include <gtest/gtest.h>

namespace signet::transport::udp {
namespace {

TEST(Arrivals, AreTakenOnceInAnyOrder) {
    arrivals all;
    for (const std::uint64_t number : {0, 2, 1, 5}) EXPECT_TRUE(all.take(number));
    for (const std::uint64_t number : {0, 2, 1, 5}) EXPECT_FALSE(all.take(number));
    EXPECT_EQ(all.lost(), 2u);
    EXPECT_TRUE(all.take(3));
    EXPECT_EQ(all.lost(), 1u);
}

TEST(Arrivals, AreLostWhereTheyComeTooLate) {
    arrivals all;
    EXPECT_TRUE(all.take(arrivals::window));
    EXPECT_TRUE(all.take(1));
    EXPECT_FALSE(all.take(0));
    EXPECT_EQ(all.lost(), arrivals::window - 1);
}

TEST(Arrivals, ForgetThoseOfOneWindowBefore) {
    arrivals all;
    EXPECT_TRUE(all.take(5));
    EXPECT_TRUE(all.take(arrivals::window + 10));
    EXPECT_FALSE(all.take(5));
    EXPECT_TRUE(all.take(arrivals::window + 5));
    EXPECT_TRUE(all.take(10 * arrivals::window));
    EXPECT_TRUE(all.take(10 * arrivals::window - 1));
}

TEST(Arrivals, KnowHowManyThereWereInAll) {
    arrivals all;
    EXPECT_TRUE(all.take(0));
    all.end_at(4);
    EXPECT_EQ(all.lost(), 3u);
    all.end_at(2);
    EXPECT_EQ(all.lost(), 3u);
    EXPECT_TRUE(all.take(3));
    EXPECT_EQ(all.lost(), 2u);
}

TEST(Arrivals, TakeNoNumberThatCannotBe) {
    arrivals all;
    EXPECT_FALSE(all.take(~std::uint64_t{0}));
    EXPECT_FALSE(all.take(arrivals::number_max));
    all.end_at(~std::uint64_t{0});
    EXPECT_EQ(all.lost(), 0u);
    EXPECT_TRUE(all.take(arrivals::number_max - 1));
    EXPECT_EQ(all.lost(), arrivals::number_max - 1);
}

}  // namespace
}  // namespace signet::transport::udp
