// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/queue_moving.hpp>

#include <signet/memory/queue_reader.hpp>
#include <signet/memory/queue_recovery.hpp>
#include <signet/memory/queue_test_bed.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signet::memory {
namespace {

constexpr std::uint64_t later_ns = 1000;

using texts = std::vector<std::string>;

class QueueMoving : public ::testing::Test {
protected:
    QueueMoving() {
        queue_bed::now_ns = 1;
        bed_.spare = 1;
        lanes_ = {bed_.lane(0, 0), bed_.lane(0, 1)};
    }

    /// As many pages as may be, with one delayed message in each and the others done.
    int fill_with_few() {
        int pages = 0;
        while (fill_page(lanes_[0], "late" + std::to_string(pages))) ++pages;
        return pages;
    }
    bool fill_page(queue_lane& lane, const std::string& text) {
        for (int i = 0; i < 7; ++i) {
            if (!queue_bed::push(lane, "done")) return false;
            EXPECT_EQ(bed_.pop(reader_), "done");
        }
        return queue_bed::push(lane, text, {.due_ns = later_ns});
    }
    moved_records move() { return move_delayed(bed_.words, lanes_, bed_.mover(0)); }
    texts pop_all() {
        texts all;
        reader_.forget();
        for (std::string one = bed_.pop(reader_); one != "-"; one = bed_.pop(reader_))
            all.push_back(one);
        return all;
    }
    record_state state_of(const record_place& place) const {
        // relaxed: one thread
        return slot_word{
            bed_.words.slot(place.page, place.slot).word.load(std::memory_order_relaxed)}
            .state();
    }
    slot_word word_of(std::uint32_t page, std::uint32_t slot) const {
        // relaxed: one thread
        return slot_word{bed_.words.slot(page, slot).word.load(std::memory_order_relaxed)};
    }

    queue_bed bed_{{.page_bytes = 1024,
                    .pages = 8,
                    .slots = 8,
                    .seats = 4,
                    .message_bytes_max = 2500,
                    .priorities = 2,
                    .id = 77}};
    std::vector<queue_lane> lanes_;
    queue_reader reader_ = bed_.reader();
};

TEST_F(QueueMoving, APushLeavesAPageFree) {
    while (queue_bed::push(lanes_[0], std::string(500, 'x'))) {
    }
    EXPECT_EQ(bed_.free_pages(), 1u);
}

TEST_F(QueueMoving, WhatIsDelayedInManyPagesMovesIntoOne) {
    EXPECT_EQ(fill_with_few(), 7);
    EXPECT_FALSE(queue_bed::push(lanes_[0], "more"));
    const moved_records moved = move();
    EXPECT_EQ(moved.records, 7u);
    EXPECT_EQ(moved.pages_freed, 7u);
    EXPECT_EQ(bed_.free_pages(), 7u);
    EXPECT_TRUE(queue_bed::push(lanes_[0], "more"));
}

TEST_F(QueueMoving, EachComesOnceWhenItIsDue) {
    fill_with_few();
    move();
    EXPECT_EQ(pop_all(), texts{});
    queue_bed::now_ns = later_ns;
    EXPECT_EQ(pop_all(), (texts{"late0", "late1", "late2", "late3", "late4", "late5", "late6"}));
    EXPECT_TRUE(lanes_[1].make_room(2500, {}));
}

TEST_F(QueueMoving, WhatMovedSaysAllItSaid) {
    const record_facts said{.pushed_ns = 5,
                            .due_ns = 1,
                            .expires_ns = 2000,
                            .id = message_id{{std::byte{9}}},
                            .reply_to = "answers"};
    const std::string text(200, 'p');
    ASSERT_TRUE(queue_bed::push(lanes_[0], text, said));
    return_record(bed_.words, reader_.take(queue_bed::owner(3))->record.place, later_ns);
    fill_with_few();
    ASSERT_EQ(move().records, 7u);
    queue_bed::now_ns = later_ns;
    reader_.forget();
    for (int i = 0; i < 6; ++i) EXPECT_NE(bed_.pop(reader_), text);
    const auto found = reader_.take(queue_bed::owner(3));
    ASSERT_TRUE(found && found->sound);
    EXPECT_EQ(queue_bed::text_of(found->record), text);
    EXPECT_EQ(found->record.facts.deliveries, 2u);
    EXPECT_EQ(found->record.facts.pushed_ns, said.pushed_ns);
    EXPECT_EQ(found->record.facts.due_ns, later_ns);
    EXPECT_EQ(found->record.facts.expires_ns, said.expires_ns);
    EXPECT_EQ(found->record.facts.id, said.id);
    EXPECT_EQ(found->record.facts.reply_to, said.reply_to);
}

TEST_F(QueueMoving, AllStayOfTheirPriority) {
    while (fill_page(lanes_[1], "urgent")) {
    }
    EXPECT_EQ(move().records, 7u);
    queue_bed::now_ns = later_ns;
    reader_.forget();
    EXPECT_EQ(reader_.take(queue_bed::owner(3))->record.facts.priority, 1u);
}

TEST_F(QueueMoving, NothingMovesWhereThatFreesNoPage) {
    while (queue_bed::push(lanes_[0], "late", {.due_ns = later_ns})) {
    }
    EXPECT_EQ(move().records, 0u);
    EXPECT_EQ(bed_.free_pages(), 1u);
}

TEST_F(QueueMoving, WhatIsHeldStaysAndKeepsItsPage) {
    ASSERT_TRUE(queue_bed::push(lanes_[0], "held"));
    const auto held = reader_.take(queue_bed::owner(3));
    fill_with_few();
    EXPECT_EQ(move().records, 6u);
    EXPECT_EQ(queue_bed::text_of(held->record), "held");
    EXPECT_TRUE(bed_.finish(held->record.place));
}

TEST_F(QueueMoving, WhatIsDueStaysForWhoTakesIt) {
    fill_with_few();
    queue_bed::now_ns = later_ns;
    EXPECT_EQ(move().records, 0u);
}

TEST_F(QueueMoving, WithoutAFreePageItGoesWhereThereIsRoom) {
    bed_.spare = 0;
    lanes_[0] = bed_.lane(0, 0);
    EXPECT_EQ(fill_with_few(), 8);
    EXPECT_EQ(move().records, 0u);
    EXPECT_EQ(bed_.finish({0, 7, word_of(0, 7).bits()}), true);
    EXPECT_EQ(move().pages_freed, 7u);
}

TEST_F(QueueMoving, PagesOfOthersWhoAreIdleAreEmptied) {
    std::vector<queue_lane> idle;
    for (std::uint32_t seat = 1; seat < 4; ++seat) {
        idle.push_back(bed_.lane(seat));
        ASSERT_TRUE(queue_bed::push(idle.back(), "late", {.due_ns = later_ns}));
    }
    EXPECT_EQ(move().pages_freed, 3u);
    for (queue_lane& one : idle) EXPECT_TRUE(queue_bed::push(one, "more"));
    EXPECT_EQ(pop_all(), (texts{"more", "more", "more"}));
}

TEST_F(QueueMoving, APageInWhichSomebodyWritesIsLeftAlone) {
    queue_lane writer = bed_.lane(1);
    ASSERT_TRUE(queue_bed::push(writer, "late", {.due_ns = later_ns}));
    const auto mine = writer.reserve(4, {});
    fill_with_few();
    EXPECT_EQ(move().pages_freed, 6u);
    queue_bed::write(*mine, "mine");
    writer.publish(*mine, 4, {}, record_state::ready);
    EXPECT_EQ(pop_all(), texts{"mine"});
}

TEST_F(QueueMoving, LongMessagesStayWhereTheyAre) {
    ASSERT_TRUE(queue_bed::push(lanes_[0], std::string(2500, 'l'), {.due_ns = later_ns}));
    fill_with_few();
    EXPECT_EQ(move().records, 4u);
    queue_bed::now_ns = later_ns;
    EXPECT_EQ(pop_all().front(), std::string(2500, 'l'));
}

// ---- who dies while it moves --------------------------------------------------------------------

class MoverThatDies : public QueueMoving {
protected:
    MoverThatDies() {
        queue_bed::push(lanes_[0], "late", {.due_ns = later_ns});
        original_ = {0, 0, word_of(0, 0).bits()};
    }

    /// V1.
    void begin() { set(original_, word_of(0, 0).as(record_state::moving, queue_bed::owner(2))); }
    /// V2.
    void copy() {
        queue_lane lane = bed_.lane(2);
        const record_facts facts{.due_ns = later_ns};
        const auto record = lane.reserve(4, facts);
        queue_bed::write(*record, "late");
        copy_ = lane.keep(*record, 4, facts, queue_bed::owner(2), record_state::copied);
    }
    /// V3.
    void finish() { set(original_, word_of(0, 0).as(record_state::done)); }

    void die() {
        shared_word<std::uint32_t> seat{};
        // relaxed: one thread
        seat.store(seat_word(1002, seat_state::dead), std::memory_order_relaxed);
        take_back(bed_.words, queue_bed::owner(2), seat);
        EXPECT_EQ(pop_all(), texts{});
        queue_bed::now_ns = later_ns;
        EXPECT_EQ(pop_all(), texts{"late"});
    }

    record_place original_;
    record_place copy_;

private:
    void set(const record_place& at, slot_word word) {
        // relaxed: one thread
        bed_.words.slot(at.page, at.slot).word.store(word.bits(), std::memory_order_relaxed);
    }
};

TEST_F(MoverThatDies, LeavesTheOriginalWhereThereIsNoCopy) {
    begin();
    die();
}

TEST_F(MoverThatDies, LeavesTheOriginalWhereThereAreBoth) {
    begin();
    copy();
    die();
    EXPECT_EQ(state_of(copy_), record_state::done);
}

TEST_F(MoverThatDies, LeavesTheCopyWhereTheOriginalIsDone) {
    begin();
    copy();
    finish();
    die();
    EXPECT_EQ(state_of(original_), record_state::done);
}

TEST_F(MoverThatDies, HidesBothWhileItLives) {
    begin();
    copy();
    queue_bed::now_ns = later_ns;
    EXPECT_EQ(pop_all(), texts{});
}

}  // namespace
}  // namespace signet::memory
