// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/queue_log.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/circumstances.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/test_log.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>
#include <vector>

namespace signet::pattern {
namespace {

using testing::complaint_of;
using testing::scripted_kernel;

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class QueueLogTest : public ::testing::Test {
protected:
    testing::temporary_directory root;
    log_for_test written{root.path()};
};

TEST_F(QueueLogTest, OneGroupIsOneWriteAndOneSync) {
    const message_entry a{1, 1000};
    const message_entry b{2, 1000};
    const std::vector<log_entry> both{a.pushed(), b.pushed()};
    written.push(9);
    scripted_kernel counting;
    EXPECT_EQ(written.log->append(both, 3), 2U);
    EXPECT_EQ(counting.calls(SYS_pwrite64), 1);
    EXPECT_EQ(counting.calls(SYS_fdatasync), 1);
}

TEST_F(QueueLogTest, MoreThanAGroupIsAppendedInTurn) {
    const message_entry large{1, group_bytes_usual / 2};
    const std::vector<log_entry> three(3, large.pushed());
    EXPECT_EQ(written.log->append(three, 2), 1U);
    EXPECT_EQ(live_in(root.path())[1], large.text());
}

TEST_F(QueueLogTest, AMessageLargerThanASegmentHasOneOfItsOwn) {
    written.push(1, 10 * small_segment);
    written.push(2);
    EXPECT_EQ(live_in(root.path()), written.expected);
}

TEST_F(QueueLogTest, AFailedSyncAcknowledgesNothingAndPoisons) {
    written.push(1);
    const log_position before = written.end.get();
    {
        scripted_kernel script;
        script.fail(SYS_fdatasync, EIO);
        EXPECT_THROW(written.push(2), error);
    }
    EXPECT_EQ(written.end.get().end, before.end);
    EXPECT_TRUE(written.end.get().poisoned);
    EXPECT_TRUE(contains(complaint_of([&] { written.push(3); }),
                         "a write to its disk failed before; close the queue everywhere"));
}

TEST_F(QueueLogTest, AFailedWritePoisonsToo) {
    scripted_kernel script;
    script.fail(SYS_pwrite64, EIO);
    EXPECT_THROW(written.push(1), error);
    EXPECT_TRUE(written.end.get().poisoned);
}

TEST_F(QueueLogTest, OneThatWasPoisonedGoesOnInANewSegment) {
    written.push(1);
    {
        scripted_kernel script;
        script.fail(SYS_fdatasync, EIO);
        EXPECT_THROW(written.push(2), error);
    }
    const message_entry again{2, 100};
    const log_entry entry = again.pushed();
    written.log->cure(std::span{&entry, 1}, 3);
    written.expected[2] = again.text();
    written.push(3);
    log_reader reader{written.directory};
    EXPECT_EQ(live_in(root.path(), reader), written.expected);
    EXPECT_TRUE(reader.damage().empty());
    EXPECT_EQ(written.end.get().segment, 2U);
}

TEST_F(QueueLogTest, WithoutRoomForASegmentNothingHasHappened) {
    for (std::uint64_t i = 1; i < 7; ++i) written.push(i, 3000);
    const log_position before = written.end.get();
    {
        scripted_kernel script;
        script.fail(SYS_fallocate, ENOSPC);
        EXPECT_TRUE(contains(complaint_of([&] { written.push(7, 9000); }), "No space left"));
    }
    EXPECT_EQ(written.end.get().end, before.end);
    written.push(7, 9000);
    written.push(8);
    EXPECT_EQ(live_in(root.path()), written.expected);
}

TEST_F(QueueLogTest, ASegmentThatWasBegunAndNotGoneToIsRemovedFirst) {
    for (std::uint64_t i = 1; i < 7; ++i) written.push(i, 3000);
    {
        scripted_kernel script;
        script.fail(SYS_fsync, EIO);  // it has its name, and that is not safe
        EXPECT_THROW(written.push(7, 9000), error);
        written.expected.erase(7);
    }
    written.push(8);  // has room in the old one
    log_reader reader{written.directory};
    EXPECT_EQ(live_in(root.path(), reader), written.expected);
    EXPECT_TRUE(reader.damage().empty());
}

TEST_F(QueueLogTest, SegmentsThatNobodyNeedsGo) {
    for (std::uint64_t i = 1; i < 30; ++i) {
        written.push(i, 3000);
        written.finish(i);
        written.log->collect(0);
    }
    log_reader reader{written.directory};
    EXPECT_EQ(live_in(root.path(), reader), written.expected);
    EXPECT_LE(reader.segments().size(), 2U);
    EXPECT_TRUE(reader.damage().empty());
}

TEST_F(QueueLogTest, AFewThatKeepTheOldestAreMovedAlong) {
    written.push(1000, 500);
    for (std::uint64_t i = 1; i < 60; ++i) {
        written.push(i, 3000);
        written.finish(i);
        written.log->collect(1001);
    }
    log_reader reader{written.directory};
    EXPECT_EQ(live_in(root.path(), reader), written.expected);
    EXPECT_LE(reader.segments().size(), 4U);
    EXPECT_TRUE(reader.damage().empty());
}

TEST_F(QueueLogTest, WhatLivesIsKept) {
    for (std::uint64_t i = 1; i < 40; ++i) {
        written.push(i, 3000);
        written.log->collect(40);
    }
    EXPECT_EQ(live_in(root.path()), written.expected);
}

TEST_F(QueueLogTest, AnotherObjectGoesOnWhereTheFirstOneDied) {
    written.push(1);
    queue_log other{written.directory, written.end, small_segment};
    const message_entry message{2, 100};
    const log_entry entry = message.pushed();
    other.append(std::span{&entry, 1}, 3);
    written.expected[2] = message.text();
    written.push(3);
    EXPECT_EQ(live_in(root.path()), written.expected);
}

TEST_F(QueueLogTest, WhereItsSegmentIsGoneAppendingSaysSo) {
    os::remove_file(root.path() + "/" + log_segment::name_of(1));
    EXPECT_TRUE(contains(complaint_of([&] { written.push(1); }), "it is missing"));
}

TEST_F(QueueLogTest, WhoeverDiesAtAnyCallLeavesWhatWasAppendedBefore) {
    for (std::uint64_t i = 1; i < 4; ++i) written.push(i, 3000);
    const message_entry large{7, 20000};
    const log_entry entry = large.pushed();
    const log_position before = written.end.get();
    const auto append = [&] {
        written.log->append(std::span{&entry, 1}, 8);
        written.log->collect(0);
    };
    const int deaths = testing::kill_before_each_call(append, [&] {
        log_reader reader{written.directory};
        reader.follow(written.end.get());
        EXPECT_EQ(reader.live().size(), written.end.get().segment == 1 ? 3U : 4U);
        EXPECT_TRUE(reader.damage().empty());
        os::remove_file(root.path() + "/" + log_segment::name_of(2));
        written.end.set(before);
    });
    EXPECT_GT(deaths, 10);
}

TEST_F(QueueLogTest, WhoeverComesAfterADeathAtAnyCallGoesOn) {
    for (std::uint64_t i = 1; i < 4; ++i) written.push(i, 3000);
    const message_entry large{7, 20000};
    const log_entry entry = large.pushed();
    const auto append = [&] { written.log->append(std::span{&entry, 1}, 8); };
    std::uint64_t next = 10;
    testing::kill_before_each_call(append, [&] {
        written.reopen_object();
        written.push(next++);
        written.finish(next - 1);
        EXPECT_EQ(live_in(root.path()).count(3), 1U);
    });
    log_reader reader{written.directory};
    live_in(root.path(), reader);
    EXPECT_TRUE(reader.damage().empty());
}

TEST_F(QueueLogTest, InADirectoryOnlyToBeReadNothingBegins) {
    testing::temporary_directory fresh;
    const os::directory in = os::directory::open(fresh.path());
    scripted_kernel script;
    script.fail(SYS_openat, EROFS, 2);
    log_reader found{in};
    EXPECT_THROW(
        {
            found.follow();
            queue_log::begin(in, found, small_segment);
        },
        error);
}

TEST_F(QueueLogTest, OnAFullDiskNothingBegins) {
    const int code = testing::exit_code_in_small_tmpfs(root.path(), 16384, [&] {
        const os::directory in = os::directory::open(root.path());
        const log_reader found{in};
        const auto begin = [&] { queue_log::begin(in, found, small_segment); };
        return contains(complaint_of(begin), "No space left") && in.list().empty() ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace signet::pattern
