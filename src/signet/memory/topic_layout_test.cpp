// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/topic_layout.hpp>

#include <gtest/gtest.h>

#include <random>

namespace signet::memory {
namespace {

constexpr std::uint64_t most = ~std::uint64_t{0};

constexpr topic_geometry inline_only{
    .depth = 8, .slot_bytes = 64, .payload_bytes_max = 48, .chunk_bytes = 0, .chunk_count = 0};
constexpr topic_geometry chunked{.depth = 8,
                                 .slot_bytes = 64,
                                 .payload_bytes_max = 1000,
                                 .chunk_bytes = 1024,
                                 .chunk_count = 20};

template <class Change>
bool sound_with(topic_geometry geometry, Change change) {
    change(geometry);
    return geometry.sound();
}

TEST(TopicLayout, BothKindsOfSegmentAreSound) {
    EXPECT_TRUE(inline_only.sound());
    EXPECT_TRUE(chunked.sound());
}

TEST(TopicLayout, ADepthIsAPowerOfTwoWithinReason) {
    for (const std::uint64_t depth :
         {std::uint64_t{0}, std::uint64_t{3}, most, std::uint64_t{1} << 25})
        EXPECT_FALSE(sound_with(inline_only, [&](auto& g) { g.depth = depth; })) << depth;
}

TEST(TopicLayout, ASlotIsAMultipleOfItsStepWithinReason) {
    for (const std::uint64_t bytes : {0ul, 16ul, 72ul, 272ul, most})
        EXPECT_FALSE(sound_with(inline_only, [&](auto& g) { g.slot_bytes = bytes; })) << bytes;
}

TEST(TopicLayout, WithoutChunksAPayloadFitsItsSlot) {
    EXPECT_FALSE(sound_with(inline_only, [](auto& g) { g.payload_bytes_max = 49; }));
    EXPECT_FALSE(sound_with(inline_only, [](auto& g) { g.chunk_count = 1; }));
}

TEST(TopicLayout, AChunkIsWholeLines) {
    EXPECT_FALSE(sound_with(chunked, [](auto& g) { g.chunk_bytes = 1025; }));
    EXPECT_FALSE(sound_with(chunked, [](auto& g) { g.chunk_count = 0; }));
}

TEST(TopicLayout, ProductsThatOverflowAreNotSound) {
    EXPECT_FALSE(sound_with(chunked, [](auto& g) { g.chunk_count = most; }));
    EXPECT_FALSE(sound_with(chunked, [](auto& g) { g.chunk_bytes = most - most % 64; }));
    EXPECT_FALSE(sound_with(chunked, [](auto& g) {
        g.chunk_bytes = std::uint64_t{1} << 40;
        g.chunk_count = std::uint64_t{1} << 24;
    }));
}

TEST(TopicLayout, WhateverIsSoundStaysWithinTheLargestSegment) {
    std::mt19937_64 random{1};
    const auto any = [&] { return random() >> (random() % 64); };
    const auto power = [&] { return std::uint64_t{1} << (random() % 64); };
    int sound = 0;
    for (int i = 0; i < 1'000'000; ++i) {
        const topic_geometry g{power() >> (random() % 40), 64u << (random() % 3), any() >> 32,
                               any() / 64 * 64, any() >> 32};
        if (!g.sound()) continue;
        ++sound;
        ASSERT_LE(g.segment_bytes(), segment_bytes_max);
        ASSERT_GE(g.segment_bytes(), g.chunks_offset());
        ASSERT_TRUE(g.chunk_count != 0 || g.payload_bytes_max <= g.inline_bytes_max());
    }
    EXPECT_GT(sound, 1000);
}

TEST(TopicLayout, AShapeComesBackAsItWasPacked) {
    const auto in_slot = payload_shape::unpack(payload_shape::of_inline(48));
    EXPECT_TRUE(in_slot.bytes == 48 && in_slot.chunk == payload_shape::no_chunk);
    const auto in_chunk = payload_shape::unpack(payload_shape::of_chunk(payload_bytes_limit, 5));
    EXPECT_TRUE(in_chunk.bytes == payload_bytes_limit && in_chunk.chunk == 5);
}

TEST(TopicLayout, AChunkIsNamedByItsExtentAndItsIndex) {
    const std::uint32_t name = chunk_name(31, extent_chunks_max - 1);
    EXPECT_EQ(extent_of(name), 31u);
    EXPECT_EQ(index_in_extent(name), extent_chunks_max - 1);
    EXPECT_EQ(payload_shape::unpack(payload_shape::of_chunk(7, name)).chunk, name);
}

TEST(TopicLayout, TheTimeIsTheLastWordOfASlotAndLeavesThePayloadAlone) {
    alignas(8) std::byte bytes[64]{};
    auto& timed = *reinterpret_cast<slot*>(bytes);
    timed.time(64).store(7, std::memory_order_relaxed);
    EXPECT_EQ(bytes[56], std::byte{7});
    EXPECT_EQ((topic_geometry{.depth = 2, .slot_bytes = 64, .timed = true}.inline_bytes_max()),
              40u);
}

TEST(TopicLayout, ADurationIsInABucketNoWiderThanAQuarterOfIt) {
    for (std::uint64_t ns : {0ul, 1ul, 3ul, 4ul, 5ul, 99ul, 1000ul, 123'456'789ul}) {
        const std::size_t bucket = latency_bucket(ns);
        EXPECT_LE(latency_of_bucket(bucket), ns);
        EXPECT_GT(latency_of_bucket(bucket + 1), ns);
        EXPECT_LE(latency_of_bucket(bucket + 1) - latency_of_bucket(bucket), ns / 4 + 1);
    }
    EXPECT_EQ(latency_bucket(~std::uint64_t{0}), latency_buckets - 1);
}

}  // namespace
}  // namespace signet::memory
