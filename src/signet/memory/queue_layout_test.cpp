// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/queue_layout.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace signet::memory {
namespace {

class QueueLayout : public ::testing::Test {
protected:
    QueueLayout() : bytes_(shape_.bytes()) {
        const std::string begin =
            queue_beginning(shape_, std::as_bytes(std::span{std::string_view{"type"}}));
        std::memcpy(bytes_.data(), begin.data(), begin.size());
    }

    const char* flaw(std::uint64_t bytes) {
        return flaw_of(bytes_.data(), bytes, found_, other_version_);
    }

    queue_geometry shape_{.page_bytes = 4096,
                          .pages = 4,
                          .slots = 32,
                          .seats = 8,
                          .message_bytes_max = 4096,
                          .priorities = 3,
                          .id = 7,
                          .type_bytes = 4};
    std::vector<std::byte> bytes_;
    queue_geometry found_;
    bool other_version_ = false;
};

TEST_F(QueueLayout, WhatWasWrittenIsRead) {
    ASSERT_EQ(flaw(bytes_.size()), nullptr);
    EXPECT_EQ(found_.bytes(), shape_.bytes());
    EXPECT_EQ(found_.priorities, 3u);
    EXPECT_EQ(std::memcmp(queue_words(bytes_.data(), found_).type().data(), "type", 4), 0);
}

TEST_F(QueueLayout, EachFlippedBitOfTheShapeIsFound) {
    for (std::size_t bit = 0; bit < 0x50 * 8; ++bit) {
        bytes_[bit / 8] ^= std::byte{1} << bit % 8;
        EXPECT_NE(flaw(bytes_.size()), nullptr) << bit;
        bytes_[bit / 8] ^= std::byte{1} << bit % 8;
    }
}

TEST_F(QueueLayout, AFlippedBitOfTheTypeIsFound) {
    bytes_[sizeof(queue_header)] ^= std::byte{1};
    EXPECT_NE(flaw(bytes_.size()), nullptr);
}

TEST_F(QueueLayout, AVersionOfTheFutureIsSaidToBeOne) {
    bytes_[8] = std::byte{queue_layout_version + 1};
    EXPECT_NE(flaw(bytes_.size()), nullptr);
    EXPECT_TRUE(other_version_);
}

TEST_F(QueueLayout, AQueueThatWasCutIsFound) {
    for (std::uint64_t bytes = 0; bytes < bytes_.size(); bytes += 64) {
        EXPECT_NE(flaw(bytes), nullptr);
    }
}

TEST_F(QueueLayout, APageWordKeepsItsParts) {
    const page_word word{page_word::number_max, 509, dead_priority, page_state::tail};
    EXPECT_EQ(word.number(), page_word::number_max);
    EXPECT_EQ(word.seat(), 509u);
    EXPECT_EQ(word.priority(), dead_priority);
    EXPECT_EQ(word.sat_down().sitting(), 1u);
    EXPECT_EQ(word.sat_down().number(), page_word::number_max);
}

TEST_F(QueueLayout, ARecordWordKeepsItsParts) {
    const stamp owner{509, stamp::generation_max};
    const slot_word word = slot_word{0xbeef, record_state::ready, 7}.taken_by(owner);
    EXPECT_EQ(word.tag(), 0xbeef);
    EXPECT_EQ(word.owner(), owner);
    EXPECT_EQ(word.deliveries(), 8u);
    EXPECT_EQ(word.state(), record_state::taken);
    EXPECT_TRUE(word.as(record_state::done).owner().nobody());
}

TEST_F(QueueLayout, DeliveriesStayAtTheirMost) {
    const slot_word word{1, record_state::ready, slot_word::deliveries_most};
    EXPECT_EQ(word.taken_by(stamp{1, 1}).deliveries(), slot_word::deliveries_most);
}

}  // namespace
}  // namespace signet::memory
