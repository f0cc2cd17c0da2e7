// SPDX-License-Identifier: Apache-2.0
#include <signet/observe/reading.hpp>

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace signet::observe {
namespace {

using namespace std::chrono_literals;

reading one_publisher(clock::duration at, std::uint64_t published) {
    reading all{.taken = clock::time_point{at}};
    all.publications.push_back({.of = {.endpoint = 1}, .published = published});
    return all;
}

reading one_subscriber(clock::duration at, std::uint64_t lost) {
    reading all{.taken = clock::time_point{at}};
    all.subscriptions.push_back({.of = {.endpoint = 2}, .publisher = 1, .lost = lost});
    return all;
}

TEST(Reading, ARateIsWhatWasCountedMeanwhileBySeconds) {
    reading now = one_publisher(3s, 300);
    add_rates(now, one_publisher(1s, 100));
    EXPECT_EQ(now.publications[0].rate.messages, 100);
}

TEST(Reading, WhoCountsBackwardsHasDoneNothing) {
    reading now = one_subscriber(2s, 5);
    add_rates(now, one_subscriber(1s, 10));
    EXPECT_EQ(now.subscriptions[0].rate.lost, 0);
}

TEST(Reading, WhoWasNotThereBeforeHasNoRate) {
    reading now = one_publisher(2s, 300);
    add_rates(now, one_subscriber(1s, 0));
    EXPECT_EQ(now.publications[0].rate.messages, 0);
}

reading one_that_holds(clock::duration at, std::vector<held_message> held) {
    reading all = one_subscriber(at, 0);
    all.subscriptions[0].held = std::move(held);
    return all;
}

TEST(Reading, WhatWasHeldBeforeIsHeldForAsLongAsThatIsAgo) {
    reading now = one_that_holds(5s, {{.number = 7}, {.number = 8}});
    add_rates(now, one_that_holds(3s, {{.number = 7, .age = 1s}}));
    const std::vector<held_message>& held = now.subscriptions[0].held;
    EXPECT_TRUE(held[0].number == 7 && held[0].age == 3s);
    EXPECT_TRUE(held[1].number == 8 && held[1].age == 0s) << "seen for the first time";
}

TEST(Reading, WhoSaysSinceWhenItHoldsIsBelievedWhereThatIsLonger) {
    reading now = one_that_holds(5s, {{.number = 7, .age = 60s}});
    add_rates(now, one_that_holds(3s, {{.number = 7}}));
    EXPECT_EQ(now.subscriptions[0].held[0].age, 60s);
}

TEST(Reading, WhatIsHeldLongestComesFirst) {
    reading now = one_that_holds(5s, {{.number = 9, .age = 1s}, {.number = 7}});
    add_rates(now, one_that_holds(3s, {{.number = 7}}));
    EXPECT_EQ(now.subscriptions[0].held[0].number, 7u);
}

TEST(Reading, TwoSamplesOfOneMomentHaveNoRates) {
    reading now = one_publisher(1s, 300);
    add_rates(now, one_publisher(1s, 100));
    EXPECT_EQ(now.publications[0].rate.messages, 0);
}

TEST(LatencyHistogram, AQuantileIsTheUpperEndOfItsBucket) {
    latency_histogram ages;
    ages.counts[memory::latency_bucket(1000)] = 99;
    ages.counts[memory::latency_bucket(50'000)] = 1;
    EXPECT_GE(ages.quantile(0.5), 1000ns);
    EXPECT_LE(ages.quantile(0.5), 1250ns);
    EXPECT_GE(ages.quantile(1), 50'000ns);
}

TEST(LatencyHistogram, NothingCountedIsZero) {
    EXPECT_EQ(latency_histogram{}.quantile(0.99), 0ns);
}

TEST(LatencyHistogram, CountsThatOverflowTheirSumAreNoHarm) {
    latency_histogram ages;
    ages.counts.fill(~std::uint64_t{0});
    EXPECT_GE(ages.quantile(0.5), 0ns);
}

TEST(LatencyHistogram, WhatWasThereBeforeIsTakenOff) {
    latency_histogram before, now;
    before.counts[3] = 5;
    now.counts[3] = 7;
    EXPECT_EQ(now.since(before).counts[3], 2u);
    EXPECT_EQ(before.since(now).counts[3], 0u);
}

}  // namespace
}  // namespace signet::observe
