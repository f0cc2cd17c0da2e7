// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/chunk_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
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
