// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/broadcast_ring.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <optional>

namespace signet::memory {
namespace {

constexpr topic_geometry geometry{
    .depth = 4, .slot_bytes = 64, .payload_bytes_max = 1024, .chunk_bytes = 1024, .chunk_count = 8};

class BroadcastRing : public ::testing::Test {
protected:
    struct free_memory {
        void operator()(std::byte* memory) const { std::free(memory); }
    };

    static std::byte* fresh() {
        void* const memory = std::aligned_alloc(page_bytes, geometry.segment_bytes());
        std::memset(memory, 0, geometry.segment_bytes());
        return static_cast<std::byte*>(memory);
    }

    ring_reader reader(std::uint64_t start = 0, std::uint32_t held_max = 2) {
        return {segment_.get(),        geometry,           page_, start, held_max,
                reporting::in_batches, guarding::by_hazard};
    }

    void publish(std::uint64_t value) {
        if (!writer_.has_room()) {
            writer_.advance_frontier(writer_.next() + geometry.batch() - geometry.depth);
            writer_.open_room();
        }
        writer_.publish_inline(&value, sizeof value);
    }

    slot& slot_at(std::uint64_t message) {
        return *reinterpret_cast<slot*>(segment_.get() + geometry.slots_offset() +
                                        message % geometry.depth * geometry.slot_bytes);
    }

    segment_header& header() { return *reinterpret_cast<segment_header*>(segment_.get()); }

    read_result read(ring_reader& from) { return from.try_copy<sizeof value_>(view_, &value_); }

    std::unique_ptr<std::byte, free_memory> segment_{fresh()};
    subscriber_page page_{};
    ring_writer writer_{segment_.get(), geometry};
    std::uint64_t value_ = 0;
    message_view view_{};
    std::array<std::byte, 64> buffer_{};
};

TEST_F(BroadcastRing, AFreshRingIsEmpty) {
    auto in = reader();
    EXPECT_EQ(read(in), read_result::empty);
}

TEST_F(BroadcastRing, MessagesComeInOrder) {
    auto in = reader();
    for (std::uint64_t i = 0; i < 100; ++i) {
        publish(i * 7);
        EXPECT_EQ(read(in), read_result::message);
        EXPECT_EQ(value_, i * 7);
    }
    EXPECT_EQ(in.received(), 100u);
}

TEST_F(BroadcastRing, ThereIsRoomForAsManyMessagesAsItIsDeep) {
    for (std::uint64_t i = 0; i < geometry.depth; ++i) {
        EXPECT_TRUE(writer_.has_room());
        writer_.publish_inline(&i, sizeof i);
    }
    EXPECT_FALSE(writer_.has_room());
}

TEST_F(BroadcastRing, WhoWasLappedGoesOnAtTheFrontierAndCountsTheRest) {
    auto in = reader();
    for (std::uint64_t i = 0; i < 10; ++i) publish(i);
    EXPECT_EQ(read(in), read_result::passed);
    EXPECT_EQ(in.skip_passed(), writer_.frontier());
    EXPECT_EQ(read(in), read_result::message);
    EXPECT_EQ(value_, writer_.frontier());
    EXPECT_EQ(in.lost(), writer_.frontier());
    EXPECT_EQ(page_.lost.load(std::memory_order_relaxed), in.lost());
}

TEST_F(BroadcastRing, ACopyThatTheFrontierOvertookIsRefused) {
    auto in = reader();
    publish(1);
    writer_.advance_frontier(1);
    EXPECT_EQ(read(in), read_result::passed);
    EXPECT_EQ(in.skip_passed(), 1u);
    EXPECT_EQ(read(in), read_result::empty);
}

TEST_F(BroadcastRing, AStampAheadOfTheFrontierIsNoCorrectWritersDoing) {
    auto in = reader();
    slot_at(0).stamp.store(1000, std::memory_order_relaxed);
    EXPECT_EQ(read(in), read_result::passed);
    EXPECT_EQ(in.skip_passed(), 0u);
}

TEST_F(BroadcastRing, AMessageOfAnotherSizeIsBroken) {
    auto in = reader();
    publish(1);
    slot_at(0).shape.store(payload_shape::of_inline(9), std::memory_order_relaxed);
    EXPECT_EQ(read(in), read_result::broken);
}

TEST_F(BroadcastRing, AnInlineMessageLongerThanASlotIsBroken) {
    auto in = reader();
    publish(1);
    slot_at(0).shape.store(payload_shape::of_inline(4000), std::memory_order_relaxed);
    EXPECT_EQ(in.try_open(view_, buffer_.data()), read_result::broken);
}

TEST_F(BroadcastRing, AChunkOutOfRangeIsBrokenAndHoldsNothing) {
    auto in = reader();
    writer_.publish_chunk(static_cast<std::uint32_t>(geometry.chunk_count), 1024);
    EXPECT_EQ(in.try_hold(view_, 1024), read_result::broken);
    EXPECT_EQ(page_.hazard[0].load(std::memory_order_relaxed), 0u);
}

TEST_F(BroadcastRing, AChunkThatIsTooLongIsBroken) {
    auto in = reader();
    writer_.publish_chunk(0, 1025);
    EXPECT_EQ(in.try_open(view_, buffer_.data()), read_result::broken);
}

TEST_F(BroadcastRing, AHeldMessageIsNamedByAHazardUntilItIsReleased) {
    auto in = reader(0, 1);
    writer_.publish_chunk(3, 1024);
    ASSERT_EQ(in.try_hold(view_, 1024), read_result::message);
    EXPECT_EQ(view_.in_place, writer_.chunk(3));
    EXPECT_EQ(page_.hazard[view_.hold].load(std::memory_order_relaxed), 1u);
    in.release(view_.hold);
    EXPECT_EQ(page_.hazard[view_.hold].load(std::memory_order_relaxed), 0u);
}

TEST_F(BroadcastRing, NoMoreIsHeldThanWasGranted) {
    auto in = reader(0, 1);
    writer_.publish_chunk(0, 1024);
    writer_.publish_chunk(1, 1024);
    EXPECT_EQ(in.try_hold(view_, 1024), read_result::message);
    message_view second{};
    EXPECT_EQ(in.try_hold(second, 1024), read_result::full);
    in.release(view_.hold);
    EXPECT_EQ(in.try_hold(second, 1024), read_result::message);
    EXPECT_EQ(second.number, 1u);
}

TEST_F(BroadcastRing, AHoldThatComesTooLateIsGivenUp) {
    auto in = reader();
    writer_.publish_chunk(0, 1024);
    writer_.advance_frontier(1);
    EXPECT_EQ(in.try_hold(view_, 1024), read_result::passed);
    EXPECT_EQ(page_.hazard[0].load(std::memory_order_relaxed), 0u);
    EXPECT_EQ(page_.hazard[1].load(std::memory_order_relaxed), 0u);
}

TEST_F(BroadcastRing, AReportTellsNewsOnce) {
    auto in = reader();
    publish(1);
    read(in);
    EXPECT_TRUE(in.report());
    EXPECT_FALSE(in.report());
    EXPECT_EQ(page_.cursor.load(std::memory_order_relaxed), 1u);
}

TEST_F(BroadcastRing, OneThatReadsNoMoreSaysSo) {
    auto in = reader();
    in.abandon();
    EXPECT_EQ(page_.cursor.load(std::memory_order_relaxed), cursor_abandoned);
}

TEST_F(BroadcastRing, ALateReaderBeginsWhereItIsTold) {
    for (std::uint64_t i = 0; i < 3; ++i) publish(i);
    auto in = reader(2);
    EXPECT_EQ(read(in), read_result::message);
    EXPECT_EQ(value_, 2u);
    EXPECT_EQ(in.received(), 1u);
    EXPECT_EQ(page_.cursor.load(std::memory_order_relaxed), 2u);
}

TEST_F(BroadcastRing, TheHeaderSaysWhatItIs) {
    EXPECT_EQ(header().magic.load(std::memory_order_relaxed), segment_magic);
    EXPECT_EQ(header().version.load(std::memory_order_relaxed), topic_layout_version);
}

}  // namespace
}  // namespace signet::memory
