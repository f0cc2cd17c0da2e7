// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/queue_touched.hpp>

#include <signet/memory/queue_test_bed.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace signet::memory {
namespace {

using texts = std::vector<std::string>;

class QueueTouched : public ::testing::Test {
protected:
    void stage(std::string_view text) {
        const auto record = lane_.reserve(text.size(), {});
        ASSERT_TRUE(record);
        queue_bed::write(*record, text);
        lane_.publish(*record, text.size(), {}, record_state::staged);
    }
    /// Settles what it finds, as a committer does.
    texts found_by(unsettled_reader& reader, bool all = false) {
        texts found;
        reader.for_each(all, [&](const seen_page& page, std::uint32_t slot, slot_word word) {
            queue_record record;
            ASSERT_TRUE(read_record(bed_.words, page, slot, record));
            const bool staged = word.state() == record_state::staged;
            found.push_back((staged ? "+" : "-") + queue_bed::text_of(record));
            const record_place place{page.page, slot, word.bits()};
            finish_record(bed_.words, place, staged ? record_state::ready : record_state::done);
            if (!staged) free_behind(bed_.words, place);
        });
        return found;
    }
    texts found() { return found_by(mine_); }
    /// Takes one and finishes it, as who acknowledges does.
    std::string acknowledge() {
        const auto taken = consumer_.take(queue_bed::owner(3));
        if (!taken) return "-";
        finish_record(bed_.words, taken->record.place, record_state::finished);
        return queue_bed::text_of(taken->record);
    }
    record_place keep(std::string_view text) {
        const auto record = lane_.reserve(text.size(), {});
        queue_bed::write(*record, text);
        return lane_.keep(*record, text.size(), {}, queue_bed::owner(0));
    }

    queue_bed bed_;
    queue_lane lane_ = bed_.lane(0);
    queue_reader consumer_ = bed_.reader();
    unsettled_reader mine_{bed_.words};
    unsettled_reader other_{bed_.words};
};

TEST_F(QueueTouched, WhatIsStagedIsFoundOnceAndInOrder) {
    stage("one");
    stage("two");
    EXPECT_TRUE(is_touched(bed_.words));
    EXPECT_EQ(found(), (texts{"+one", "+two"}));
    EXPECT_FALSE(is_touched(bed_.words));
    EXPECT_EQ(found(), texts{});
    stage("three");
    EXPECT_EQ(found(), texts{"+three"});
}

TEST_F(QueueTouched, WhatIsFinishedIsFoundBehindWhatWasSettled) {
    for (const char* text : {"one", "two", "three"}) stage(text);
    found();
    EXPECT_EQ(acknowledge(), "one");
    EXPECT_EQ(found(), texts{"-one"});
    EXPECT_EQ(acknowledge(), "two");
    stage("four");
    EXPECT_EQ(found(), (texts{"-two", "+four"}));
}

TEST_F(QueueTouched, WhatAnotherCommitterSettledIsPassedOver) {
    stage("one");
    EXPECT_EQ(found_by(other_), texts{"+one"});
    stage("two");
    EXPECT_EQ(found(), texts{"+two"});
    stage("three");
    EXPECT_EQ(found_by(other_), texts{"+three"});
}

TEST_F(QueueTouched, ALoanThatIsPushedLateIsFoundBeforeWhatWasSettled) {
    const record_place loan = keep("loan");
    stage("behind");
    EXPECT_EQ(found(), texts{"+behind"});
    publish_loan(bed_.words, loan, record_state::staged);
    EXPECT_EQ(found(), texts{"+loan"});
}

TEST_F(QueueTouched, APageThatIsUsedAnewIsLookedAtFromItsBeginning) {
    texts all;
    for (int i = 0; i < 100; ++i) {
        stage(std::to_string(i));
        EXPECT_EQ(found(), texts{"+" + std::to_string(i)});
        EXPECT_EQ(acknowledge(), std::to_string(i));
        EXPECT_EQ(found(), texts{"-" + std::to_string(i)});
    }
}

TEST_F(QueueTouched, WhoAsksForAllFindsWhatNobodyTold) {
    stage("one");
    stage("two");
    other_.for_each(false, [](const seen_page&, std::uint32_t, slot_word) {});
    EXPECT_EQ(found(), texts{}) << "somebody took the bits, and died";
    EXPECT_EQ(found_by(mine_, true), (texts{"+one", "+two"}));
}

TEST_F(QueueTouched, TheSweepOfASeatTellsOfAll) {
    const shared_word<std::uint32_t> seat{};
    stage("one");
    other_.for_each(false, [](const seen_page&, std::uint32_t, slot_word) {});
    take_back(bed_.words, queue_bed::owner(0), seat);
    EXPECT_EQ(found(), texts{"+one"});
}

TEST_F(QueueTouched, PagesThatShareABitAreAllLookedAt) {
    queue_geometry wide = queue_bed::small;
    wide.pages = 1100;
    wide.seats = 2;
    const queue_bed bed{wide};
    queue_lane lane = bed.lane(0);
    unsettled_reader reader{bed.words};
    std::vector<std::uint32_t> pages;
    for (int i = 0; i < 1100 * 8; ++i) {
        const auto record = lane.reserve(0, {});
        ASSERT_TRUE(record);
        lane.publish(*record, 0, {}, record_state::staged);
    }
    std::size_t count = 0;
    reader.for_each(false, [&](const seen_page&, std::uint32_t, slot_word) { ++count; });
    EXPECT_EQ(count, 1100u * 8);
    touch(bed.words, 5, record_state::finished);
    reader.for_each(false, [&](const seen_page& page, std::uint32_t, slot_word) {
        if (pages.empty() || pages.back() != page.page) pages.push_back(page.page);
    });
    EXPECT_EQ(pages, (std::vector<std::uint32_t>{5, 517, 1029}));
}

}  // namespace
}  // namespace signet::memory
