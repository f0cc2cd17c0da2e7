// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/chunk_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <random>
#include <set>

namespace signet::memory {
namespace {

constexpr topic_geometry geometry{
    .depth = 4, .slot_bytes = 64, .payload_bytes_max = 1000, .chunk_bytes = 1024, .chunk_count = 8};
constexpr std::span<const std::uint64_t> nobody{};

std::uint32_t publish(chunk_pool& pool, std::uint64_t message) {
    auto chunk = pool.take();
    if (!chunk) chunk = pool.take_fresh();
    pool.note(message, chunk.value());
    return *chunk;
}

TEST(ChunkRow, ItIsTakenFromEitherEnd) {
    chunk_row row;
    EXPECT_TRUE(row.empty());
    for (std::uint32_t i = 0; i < 3; ++i) row.push_back(i);
    EXPECT_TRUE(row.front() == 0 && row.back() == 2 && row.size() == 3);
    row.pop_front();
    row.pop_back();
    EXPECT_TRUE(row.front() == 1 && row.back() == 1 && row.size() == 1);
    row.pop_back();
    EXPECT_TRUE(row.empty());
}

TEST(ChunkRow, ItGoesRoundWithoutGrowing) {
    chunk_row row;
    for (std::uint32_t i = 0; i < 10; ++i) row.push_back(i);
    for (std::uint32_t i = 10; i < 1000; ++i) {
        EXPECT_EQ(row.front(), i - 10);
        row.pop_front();
        row.push_back(i);
        EXPECT_EQ(row.back(), i);
    }
    EXPECT_EQ(row.size(), 10u);
}

TEST(ChunkRow, ItGrowsWhereItsBeginningLiesInTheMiddle) {
    chunk_row row;
    std::deque<std::uint32_t> expected;
    for (std::uint32_t i = 0; i < 500; ++i) {
        row.push_back(i);
        expected.push_back(i);
        if (i % 3 != 0) continue;
        row.pop_front();
        expected.pop_front();
    }
    for (; !expected.empty(); expected.pop_front(), row.pop_front())
        ASSERT_TRUE(row.front() == expected.front() && row.back() == expected.back());
    EXPECT_TRUE(row.empty());
}

TEST(ChunkRow, WhatIsTakenFromItsEndIsForgotten) {
    chunk_row row;
    for (std::uint32_t i = 0; i < 16; ++i) row.push_back(i);
    for (int i = 0; i < 8; ++i) row.pop_back();
    for (int i = 0; i < 8; ++i) row.pop_front();
    EXPECT_TRUE(row.empty());
    for (std::uint32_t i = 100; i < 140; ++i) row.push_back(i);
    EXPECT_TRUE(row.size() == 40 && row.front() == 100 && row.back() == 139);
}

TEST(ChunkPool, TheOneGivenBackFirstMayBeTakenFirst) {
    chunk_pool pool{geometry};
    for (const std::uint32_t chunk : {2u, 0u, 1u}) pool.give_back(chunk);
    EXPECT_EQ(pool.take(0, reuse::oldest), 2u);
    EXPECT_EQ(pool.take(0, reuse::newest), 1u);
    EXPECT_EQ(pool.take(0, reuse::oldest), 0u);
    EXPECT_FALSE(pool.take(0, reuse::oldest));
}

TEST(ChunkPool, TellsWhichWillBeTakenSoon) {
    chunk_pool pool{geometry};
    for (const std::uint32_t chunk : {2u, 0u, 1u}) pool.give_back(chunk);
    EXPECT_EQ(pool.soon(0, reuse::newest), 1u);
    EXPECT_EQ(pool.soon(0, reuse::oldest), 0u);
    pool.take(0, reuse::oldest);
    pool.take(0, reuse::oldest);
    EXPECT_FALSE(pool.soon(0, reuse::oldest));
}

TEST(ChunkPool, AtFirstAllChunksAreFresh) {
    chunk_pool pool{geometry};
    EXPECT_FALSE(pool.take());
    for (std::uint32_t i = 0; i < 8; ++i) EXPECT_EQ(pool.take_fresh(), i);
    EXPECT_FALSE(pool.take_fresh());
}

TEST(ChunkPool, AFreshOneThatGotNoMemoryIsFreshAgain) {
    chunk_pool pool{geometry};
    pool.take_fresh();
    pool.return_fresh();
    EXPECT_EQ(pool.take_fresh(), 0u);
}

TEST(ChunkPool, TheOneGivenBackLastIsTakenFirst) {
    chunk_pool pool{geometry};
    pool.take_fresh();
    pool.take_fresh();
    pool.give_back(1);
    pool.give_back(0);
    EXPECT_EQ(pool.take(), 0u);
}

TEST(ChunkPool, WhatNobodyHoldsIsFreeWhenItIsRetired) {
    chunk_pool pool{geometry};
    publish(pool, 0);
    publish(pool, 1);
    pool.retire(0, 1, nobody);
    EXPECT_EQ(pool.free_count(), 1u);
    EXPECT_EQ(pool.take(), 0u);
}

TEST(ChunkPool, WhatSomebodyHoldsWaitsInLimbo) {
    chunk_pool pool{geometry};
    publish(pool, 0);
    pool.retire(0, 1, std::array{std::uint64_t{0}});
    EXPECT_EQ(pool.limbo_count(), 1u);
    EXPECT_FALSE(pool.take());
    pool.retire(1, 1, nobody);
    EXPECT_EQ(pool.limbo_count(), 0u);
    EXPECT_EQ(pool.take(), 0u);
}

TEST(ChunkPool, HoldsOfMessagesThatHaveNoChunkDoNoHarm) {
    chunk_pool pool{geometry};
    publish(pool, 5);
    pool.retire(5, 6, std::array{std::uint64_t{1}, std::uint64_t{7}, ~std::uint64_t{0}});
    EXPECT_EQ(pool.free_count(), 1u);
}

TEST(ChunkPool, WithoutChunksThereIsNothingToDo) {
    chunk_pool pool{
        {.depth = 4, .slot_bytes = 64, .payload_bytes_max = 8, .chunk_bytes = 0, .chunk_count = 0}};
    pool.note(1, payload_shape::no_chunk);
    pool.retire(0, 4, nobody);
    EXPECT_FALSE(pool.take_fresh());
}

TEST(ChunkPool, AChunkIsInOnePlaceWhateverIsHeld) {
    chunk_pool pool{geometry};
    std::mt19937 random{1};
    std::uint64_t frontier = 0;
    for (std::uint64_t message = 0; message < 10'000; ++message) {
        publish(pool, message);
        if (message - frontier < 3) continue;
        std::array held{frontier - random() % 2, frontier + random() % 2};
        std::sort(held.begin(), held.end());
        pool.retire(frontier, frontier + 2, held);
        frontier += 2;
        ASSERT_EQ(pool.used(), pool.free_count() + pool.limbo_count() + (message + 1 - frontier));
    }
}

}  // namespace
}  // namespace signet::memory
