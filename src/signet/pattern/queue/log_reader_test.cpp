// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/log_reader.hpp>

#include <signet/base/error.hpp>
#include <signet/os/file.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/test_log.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signet::pattern {
namespace {

class LogReaderTest : public ::testing::Test {
protected:
    std::string path_of(std::uint64_t number) {
        return root.path() + "/" + log_segment::name_of(number);
    }
    void flip(std::uint64_t number, std::uint64_t position, unsigned char with = 0xff) {
        const os::file file = os::file::open(path_of(number));
        std::byte byte{};
        file.read_at(position, std::span{&byte, 1});
        byte ^= std::byte{with};
        file.write_at(position, std::span{&byte, 1});
    }
    // With one wrong byte: what is read, and whether that is told.
    void expect_found(std::uint64_t number, std::uint64_t position) {
        flip(number, position);
        log_reader reader{written.directory};
        const live_messages found = live_in(root.path(), reader);
        for (const auto& [identity, text] : found) {
            EXPECT_EQ(written.expected[identity], text) << number << ": " << position;
        }
        if (reader.damage().empty()) {
            EXPECT_EQ(found, written.expected) << number << ": " << position;
        }
        flip(number, position);
    }

    testing::temporary_directory root;
    log_for_test written{root.path()};
};

TEST_F(LogReaderTest, WhatIsPushedAndNotDoneLives) {
    written.push(1);
    written.push(2);
    written.push(3);
    written.finish(2);
    EXPECT_EQ(live_in(root.path()), written.expected);
    EXPECT_EQ(written.expected.size(), 2U);
}

TEST_F(LogReaderTest, ItFollowsALogThatGrowsAcrossSegments) {
    log_reader reader{written.directory};
    for (std::uint64_t i = 1; i < 40; ++i) {
        written.push(i, 1000);
        reader.follow(written.end.get());
        ASSERT_EQ(reader.live().size(), i);
    }
    EXPECT_GT(written.end.get().segment, 3U);
    EXPECT_TRUE(reader.damage().empty());
    EXPECT_EQ(reader.tickets(), 40U);
}

TEST_F(LogReaderTest, ItKnowsNothingBehindTheEndItWasGiven) {
    written.push(1);
    const log_position end = written.end.get();
    written.push(2);
    log_reader reader{written.directory};
    reader.follow(end);
    EXPECT_EQ(reader.live().size(), 1U);
}

TEST_F(LogReaderTest, WhereItsPlaceWasRemovedItReadsAnew) {
    log_reader reader{written.directory};
    written.push(1, 1000);
    reader.follow(written.end.get());
    for (std::uint64_t i = 2; i < 20; ++i) written.push(i, 10000);
    for (std::uint64_t i = 1; i < 19; ++i) written.finish(i);
    written.log->collect(0);
    reader.follow(written.end.get());
    EXPECT_EQ(reader.live().size(), 1U);
    EXPECT_TRUE(reader.damage().empty());
    EXPECT_FALSE(os::file::try_open(path_of(1)));
}

TEST_F(LogReaderTest, DamageInTheMiddleIsReportedAndTheRestCounts) {
    for (std::uint64_t i = 1; i < 5; ++i) written.push(i);
    flip(1, 3 * log_block_bytes + 100);  // in the second message
    log_reader reader{written.directory};
    live_messages found = live_in(root.path(), reader);
    written.expected.erase(2);
    EXPECT_EQ(found, written.expected);
    ASSERT_EQ(reader.damage().size(), 1U);
    EXPECT_EQ(reader.damage()[0].from, 3 * log_block_bytes);
    EXPECT_EQ(reader.damage()[0].to, 4 * log_block_bytes);
}

TEST_F(LogReaderTest, EntriesOfADamagedGroupThatAreWholeCount) {
    const message_entry a{1, 100};
    const message_entry b{2, 100};
    const std::vector<log_entry> both{a.pushed(), b.pushed()};
    written.log->append(both, 3);
    written.push(3);
    flip(1, 2 * log_block_bytes);  // the head of their group
    log_reader reader{written.directory};
    EXPECT_EQ(live_in(root.path(), reader).size(), 3U);
    EXPECT_EQ(reader.damage().size(), 1U);
}

TEST_F(LogReaderTest, EveryFlippedByteIsDamageOrChangesNothing) {
    for (std::uint64_t i = 1; i < 25; ++i) written.push(i, i * 40);
    written.finish(3);
    ASSERT_EQ(written.end.get().segment, 4U);
    for (std::uint64_t number = 1; number <= 3; ++number) {
        for (std::uint64_t at = 0; at < log_block_bytes; at += at < 64 ? 1 : 509) {
            expect_found(number, at);
        }
        for (std::uint64_t at = log_block_bytes; at < small_segment; ++at) {
            if (at % log_block_bytes < 1200 && at % 3 == 0) expect_found(number, at);
        }
    }
}

TEST_F(LogReaderTest, AMissingSegmentIsReported) {
    for (std::uint64_t i = 1; i < 20; ++i) written.push(i, 10000);
    os::remove_file(path_of(2));
    log_reader reader{written.directory};
    EXPECT_LT(live_in(root.path(), reader).size(), 19U);
    ASSERT_EQ(reader.damage().size(), 1U);
    EXPECT_EQ(reader.damage()[0].what, "segments are missing");
}

TEST_F(LogReaderTest, ATruncatedSegmentIsReadAsFarAsItGoes) {
    for (std::uint64_t i = 1; i < 20; ++i) written.push(i, 1000);
    for (std::uint64_t bytes = 0; bytes <= small_segment; bytes += 500) {
        os::file::open(path_of(2)).resize(small_segment - bytes);
        log_reader reader{written.directory};
        const live_messages found = live_in(root.path(), reader);
        EXPECT_EQ(found.size() == 19, reader.damage().empty()) << bytes;
    }
}

TEST_F(LogReaderTest, ASegmentOfAnotherLogIsLeftOut) {
    written.push(1);
    const testing::temporary_directory elsewhere;
    log_for_test other{elsewhere.path()};
    other.push(7);
    const os::directory from = os::directory::open(elsewhere.path());
    const os::directory to = os::directory::open(root.path());
    from.link(log_segment::name_of(1), to, log_segment::name_of(2));
    log_reader reader{written.directory};
    EXPECT_EQ(live_in(root.path(), reader), written.expected);
    EXPECT_EQ(reader.damage().size(), 1U);
}

TEST_F(LogReaderTest, ALogOfALaterVersionIsRefused) {
    segment_header header{.version = log_version + 1, .log = 1, .number = 1};
    seal(header);
    os::file::open(path_of(1)).write_at(0, std::as_bytes(std::span{&header, 1}));
    const std::string complaint = testing::complaint_of([&] { live_in(root.path()); });
    EXPECT_NE(complaint.find("it is of version 2, this is 1"), std::string::npos) << complaint;
}

TEST_F(LogReaderTest, RandomPagesAreDamageAndNothingIsBelieved) {
    for (std::uint64_t i = 1; i < 12; ++i) written.push(i, 1000);
    std::vector<std::byte> noise(small_segment);
    std::uint64_t state = 1;
    for (std::byte& byte : noise) {
        state = state * 6364136223846793005U + 1;
        byte = std::byte(state >> 56);
    }
    os::file::open(path_of(1)).write_at(0, noise);
    log_reader reader{written.directory};
    const live_messages found = live_in(root.path(), reader);
    EXPECT_LT(found.size(), 11U);
    EXPECT_FALSE(reader.damage().empty());
}

}  // namespace
}  // namespace signet::pattern
