// SPDX-License-Identifier: Apache-2.0
#include <tour/histogram.hpp>

#include <gtest/gtest.h>

namespace tour {
namespace {

TEST(LatencyHistogram, OfNothingEveryPercentileIsZero) {
    EXPECT_EQ(latency_histogram{}.percentile(999), 0);
}

TEST(LatencyHistogram, CountsSmallValuesExactly) {
    latency_histogram counted;
    for (int value = 1; value <= 10; ++value) counted.add(value);
    EXPECT_EQ(counted.percentile(500), 5);
    EXPECT_EQ(counted.percentile(1000), 10);
}

TEST(LatencyHistogram, IsNeverMoreThanASixteenthTooHigh) {
    for (std::int64_t value = 1; value < std::int64_t{1} << 50; value = value * 3 + 1) {
        latency_histogram counted;
        counted.add(value);
        EXPECT_GE(counted.percentile(500), value);
        EXPECT_LE(counted.percentile(500), value + value / 16);
    }
}

TEST(LatencyHistogram, AsksTheRareOnesForTheHighPercentiles) {
    latency_histogram counted;
    for (int i = 0; i < 998; ++i) counted.add(10);
    counted.add(20);
    counted.add(20);
    EXPECT_EQ(counted.percentile(990), 10);
    EXPECT_EQ(counted.percentile(999), 20);
}

TEST(LatencyHistogram, TakesANegativeDurationForZero) {
    latency_histogram counted;
    counted.add(-5);
    EXPECT_EQ(counted.percentile(1000), 0);
    EXPECT_EQ(counted.count(), 1u);
}

}  // namespace
}  // namespace tour
