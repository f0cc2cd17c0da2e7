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

// ---- reading at the cursor ----------------------------------------------------------------------

/// What the subscriber's page says, beside the ring.
class RingAtCursor : public BroadcastRing {
protected:
    RingAtCursor() {
        for (std::uint32_t chunk = 0; chunk < geometry.depth; ++chunk)
            writer_.publish_chunk(chunk, 1024);
    }

    ring_reader at_cursor(std::uint32_t held_max = 3) {
        return {segment_.get(),          geometry,           page_, 0, held_max,
                reporting::each_message, guarding::by_cursor};
    }

    static message_view open(ring_reader& in) {
        message_view view{};
        EXPECT_EQ(in.try_hold(view, 1024), read_result::message);
        in.report();
        return view;
    }

    std::uint64_t cursor() const { return page_.cursor.load(std::memory_order_relaxed); }
    std::uint64_t opened() const { return page_.opened.load(std::memory_order_relaxed); }
    std::uint64_t hazard(std::uint32_t hold) const {
        return page_.hazard[hold].load(std::memory_order_relaxed);
    }
    std::uint64_t hazards() const {
        std::uint64_t set = 0;
        for (const auto& one : page_.hazard) set += one.load(std::memory_order_relaxed) != 0;
        return set;
    }
};

TEST_F(RingAtCursor, TheCursorStaysWhileAMessageIsRead) {
    auto in = at_cursor();
    const auto first = open(in);
    EXPECT_TRUE(cursor() == 0 && opened() == 1 && hazards() == 0);
    EXPECT_EQ(in.position(), 1u);
    in.release(first.hold);
    EXPECT_TRUE(in.report_due() && in.report());
    EXPECT_TRUE(cursor() == 1 && opened() == 1 && hazards() == 0);
}

TEST_F(RingAtCursor, OneThatIsReleasedBeforeTheNextNeverHasAHazard) {
    auto in = at_cursor(1);
    for (std::uint64_t i = 0; i < geometry.depth; ++i) {
        const auto view = open(in);
        EXPECT_TRUE(view.number == i && cursor() == i && hazards() == 0);
        EXPECT_EQ(in.hazard_set(), ring_reader::no_hold);
        in.release(view.hold);
        in.report();
    }
    EXPECT_EQ(cursor(), geometry.depth);
}

TEST_F(RingAtCursor, OneThatIsKeptHasAHazardWhenTheNextIsOpened) {
    auto in = at_cursor();
    const auto first = open(in);
    const auto second = open(in);
    EXPECT_EQ(hazard(first.hold), first.number + 1);
    EXPECT_EQ(in.hazard_set(), first.hold);
    EXPECT_TRUE(cursor() == 1 && hazards() == 1);
    in.release(first.hold);
    EXPECT_TRUE(hazards() == 0 && !in.report()) << "the cursor is the second's";
    in.release(second.hold);
    EXPECT_TRUE(in.report() && cursor() == 2);
}

TEST_F(RingAtCursor, TheLastMayBeReleasedBeforeThoseThatWereKept) {
    auto in = at_cursor();
    const auto first = open(in);
    const auto second = open(in);
    in.release(second.hold);
    EXPECT_TRUE(in.report() && cursor() == 2);
    EXPECT_TRUE(hazard(first.hold) == 1 && hazards() == 1);
    const auto third = open(in);
    EXPECT_TRUE(cursor() == 2 && hazards() == 1);
    in.release(first.hold);
    in.release(third.hold);
    EXPECT_TRUE(in.report() && cursor() == 3 && hazards() == 0);
}

TEST_F(RingAtCursor, WhilePassingEachIsNamedByAHazard) {
    auto in = at_cursor();
    const auto first = open(in);
    writer_.let_pass(true);
    const auto second = open(in);
    EXPECT_TRUE(hazard(first.hold) == 1 && hazard(second.hold) == 2);
    EXPECT_EQ(cursor(), 2u) << "it is done with what a hazard names";
    writer_.let_pass(false);
    in.release(second.hold);
    open(in);
    EXPECT_TRUE(cursor() == 2 && hazards() == 1);
}

TEST_F(RingAtCursor, WhilePassingOneThatComesTooLateIsGivenUp) {
    auto in = at_cursor();
    const auto first = open(in);
    writer_.let_pass(true);
    writer_.advance_frontier(3);
    message_view view{};
    EXPECT_EQ(in.try_hold(view, 1024), read_result::passed);
    EXPECT_TRUE(hazard(first.hold) == 1 && hazards() == 1) << "what is held stays named";
}

TEST_F(RingAtCursor, ASmallMessageLeavesTheOneBeforeAHazard) {
    auto in = at_cursor();
    const auto first = open(in);
    slot_at(1).shape.store(payload_shape::of_inline(8), std::memory_order_relaxed);
    EXPECT_EQ(in.try_open(view_, buffer_.data()), read_result::message);
    in.report();
    EXPECT_TRUE(cursor() == 2 && hazard(first.hold) == 1);
    in.release(first.hold);
    EXPECT_TRUE(hazards() == 0 && !in.report());
}

TEST_F(RingAtCursor, ASkipLeavesTheOneBeforeAHazard) {
    auto in = at_cursor();
    const auto first = open(in);
    writer_.advance_frontier(3);
    EXPECT_EQ(in.skip_passed(), 2u);
    EXPECT_TRUE(in.report() && cursor() == 3 && hazard(first.hold) == 1);
    in.skip_to_newest();
    EXPECT_EQ(hazards(), 1u);
}

TEST_F(RingAtCursor, WhoReadsNoMoreNamesWhatItHolds) {
    auto in = at_cursor();
    const auto first = open(in);
    in.abandon();
    EXPECT_TRUE(cursor() == cursor_abandoned && hazard(first.hold) == 1);
    in.release(first.hold);
    EXPECT_TRUE(!in.report_due() && hazards() == 0 && cursor() == cursor_abandoned);
}

TEST_F(RingAtCursor, OneInAnExtentThatIsNotThereLeavesNothingBehind) {
    auto in = at_cursor();
    const auto first = open(in);
    slot_at(1).shape.store(payload_shape::of_chunk(1024, chunk_name(1, 0)),
                           std::memory_order_relaxed);
    for (const std::uint64_t passing : {0, 1}) {
        writer_.let_pass(passing != 0);
        EXPECT_EQ(in.try_hold(view_, 1024), read_result::absent);
        EXPECT_TRUE(hazard(first.hold) == 1 && hazards() == 1);
        EXPECT_LE(opened(), cursor()) << "nothing is read there";
        in.report();
        EXPECT_TRUE(cursor() == 1 && in.position() == 1);
    }
    in.release(first.hold);
    EXPECT_EQ(hazards(), 0u);
}

TEST_F(RingAtCursor, ABrokenOneLeavesNothingBehind) {
    auto in = at_cursor();
    const auto first = open(in);
    slot_at(1).shape.store(payload_shape::of_chunk(1025, 1), std::memory_order_relaxed);
    EXPECT_EQ(in.try_hold(view_, 1025), read_result::broken);
    EXPECT_TRUE(hazard(first.hold) == 1 && hazards() == 1);
    EXPECT_TRUE(opened() <= cursor() && in.position() == 1);
}

TEST_F(RingAtCursor, OneTooManyLeavesEverythingAsItWas) {
    auto in = at_cursor(1);
    const auto first = open(in);
    EXPECT_EQ(in.try_hold(view_, 1024), read_result::full);
    EXPECT_TRUE(cursor() == 0 && opened() == 1 && hazards() == 0);
    in.release(first.hold);
    EXPECT_EQ(open(in).number, 1u);
}

TEST_F(RingAtCursor, SinceWhenAKeptOneIsHeldIsNotSaidByTheHoldBefore) {
    auto in = at_cursor();
    const auto first = open(in);
    in.note_hold(first.hold, 77);
    open(in);
    EXPECT_EQ(page_.since[first.hold].load(std::memory_order_relaxed), 0u);
}

TEST_F(BroadcastRing, TheHeaderSaysWhatItIs) {
    EXPECT_EQ(header().magic.load(std::memory_order_relaxed), segment_magic);
    EXPECT_EQ(header().version.load(std::memory_order_relaxed), topic_layout_version);
}

}  // namespace
}  // namespace signet::memory
