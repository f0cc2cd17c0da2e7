// SPDX-License-Identifier: Apache-2.0
// What a log is after the machine stopped: the writes since the last sync reach the disk in any
// part, order and shape.
#include <signet/pattern/queue/queue_log.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/testing/recorded_disk.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/test_log.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace signet::pattern {
namespace {

using testing::recorded_disk;
using testing::scripted_kernel;
using testing::temporary_directory;
using arrivals = std::vector<recorded_disk::arrival>;

struct large_segments {
    static constexpr std::uint64_t bytes = 8 * small_segment;
};
struct small_segments {
    static constexpr std::uint64_t bytes = small_segment;
};

template <class Segments>
class log_recovery : public ::testing::Test {
protected:
    // What was acknowledged is there, and is what it was; anything else that is there is whole.
    void expect_recovered(const arrivals& arrived, bool again = false) {
        const temporary_directory image;
        disk->replay(image.path(), arrived);
        const os::directory in = os::directory::open(image.path());
        log_reader reader{in};
        const live_messages found = live_in(image.path(), reader);
        expect_right(found);
        EXPECT_TRUE(any_flipped(arrived) || reader.damage().empty()) << first_damage(reader);
        if (!again) return;
        log_for_test after{image.path()};
        after.push(999);
        live_messages then = live_in(image.path());
        EXPECT_EQ(then.erase(999), 1U);
        EXPECT_EQ(then, found);
    }

    void expect_right(const live_messages& found) {
        for (const auto& [identity, text] : safe) {
            const auto there = found.find(identity);
            const bool kept = there != found.end() || unsure_done == identity;
            ASSERT_TRUE(kept) << identity << " is lost";
        }
        for (const auto& [identity, text] : found) {
            const auto known = pushed.find(identity);
            ASSERT_TRUE(known != pushed.end()) << identity << " was done, or never there";
            EXPECT_EQ(text, known->second);
        }
    }

    static std::string first_damage(const log_reader& reader) {
        if (reader.damage().empty()) return "none";
        const log_damage& one = reader.damage().front();
        return one.what + " " + std::to_string(one.segment) + ": " + std::to_string(one.from) +
               " to " + std::to_string(one.to);
    }

    static bool any_flipped(const arrivals& arrived) {
        return std::any_of(arrived.begin(), arrived.end(),
                           [](const auto& one) { return one.flipped_bit.has_value(); });
    }

    // Ten messages, two done, on the disk; then one group more that is not: three pushed, one done.
    void write_last_commit(std::size_t bytes) {
        for (std::uint64_t i = 1; i <= 10; ++i) written.push(i, bytes);
        written.finish(4);
        written.finish(5);
        safe = written.expected;
        pushed = safe;
        std::vector<message_entry> last;
        for (std::uint64_t i = 11; i <= 13; ++i) last.emplace_back(i, bytes);
        std::vector<log_entry> entries;
        for (const message_entry& one : last) entries.push_back(one.pushed());
        for (std::size_t i = 0; i < 3; ++i) pushed[11 + i] = last[i].text();
        entries.push_back({.identity = 1});
        unsure_done = 1;
        unsynced(entries);
    }

    // Appends what no sync follows: the sync is one that the disk does not see.
    void unsynced(const std::vector<log_entry>& entries) {
        const os::kernel_entry through = os::exchange_kernel_entry(&skip_sync);
        skipped_to = through;
        written.log->append(entries, 100);
        os::exchange_kernel_entry(through);
    }

    static long skip_sync(long number, const os::kernel_arguments& arguments) {
        return number == SYS_fdatasync ? 0 : skipped_to(number, arguments);
    }

    // With all data and with none, each part of the names that were made or removed.
    void expect_every_subset_of_names() {
        arrivals names;
        arrivals data;
        for (std::size_t i = 0; i < disk->pieces(); ++i) {
            (disk->is_name(i) ? names : data).push_back({i});
        }
        ASSERT_LT(names.size(), 8U);
        for (unsigned part = 0; part < 1U << names.size(); ++part) {
            arrivals some;
            for (std::size_t i = 0; i < names.size(); ++i) {
                if ((part >> i & 1) != 0) some.push_back(names[i]);
            }
            expect_recovered(some);
            some.insert(some.end(), data.begin(), data.end());
            expect_recovered(some);
        }
    }

    // Where the group begins that was appended last.
    std::uint64_t last_position() {
        log_reader reader{written.directory};
        reader.follow();
        return reader.last_group().position;
    }

    arrivals all(std::size_t count) const {
        arrivals some;
        for (std::size_t i = 0; i < count; ++i) some.push_back({i});
        return some;
    }

    inline static os::kernel_entry skipped_to = nullptr;
    temporary_directory root;
    log_for_test written{root.path(), Segments::bytes};
    std::optional<recorded_disk> disk{root.path()};
    live_messages safe;
    live_messages pushed;
    std::uint64_t unsure_done = 0;
};

using LogRecoveryTest = log_recovery<large_segments>;
using LogCollectingTest = log_recovery<small_segments>;

TEST_F(LogRecoveryTest, WhatWasSyncedIsThereWithNothingOfWhatWasNot) {
    write_last_commit(400);
    expect_recovered({}, true);
}

TEST_F(LogRecoveryTest, TheLastCommitMayBeCutAtEachSector) {
    write_last_commit(3000);
    ASSERT_EQ(disk->pieces(), 24U);
    for (std::size_t count = 0; count <= disk->pieces(); ++count) {
        expect_recovered(all(count), true);
    }
}

TEST_F(LogRecoveryTest, TheLastCommitMayLackEachSector) {
    write_last_commit(3000);
    for (std::size_t hole = 0; hole < disk->pieces(); ++hole) {
        arrivals some = all(disk->pieces());
        some.erase(some.begin() + static_cast<std::ptrdiff_t>(hole));
        expect_recovered(some, true);
    }
}

TEST_F(LogRecoveryTest, AnyPartOfTheLastCommitMayArriveInAnyOrderWithFlippedBits) {
    write_last_commit(3000);
    std::mt19937 random{20261122};
    for (int round = 0; round < 400; ++round) {
        arrivals some = all(disk->pieces());
        std::shuffle(some.begin(), some.end(), random);
        some.resize(random() % (some.size() + 1));
        for (auto& one : some) {
            if (random() % 8 == 0) one.flipped_bit = random() % 4096;
        }
        expect_recovered(some, round % 8 == 0);
    }
}

TEST_F(LogRecoveryTest, OneFlippedBitOfTheLastCommitIsAlwaysFound) {
    write_last_commit(60);
    ASSERT_EQ(disk->pieces(), 8U);
    for (unsigned bit = 0; bit < 8 * 400; ++bit) {
        arrivals some = all(disk->pieces());
        some[0].flipped_bit = bit;
        expect_recovered(some);
    }
}

TEST_F(LogRecoveryTest, AGroupWrittenOverOneThatCountedForNobodyMayMixWithIt) {
    write_last_commit(3000);
    written.end.set({.segment = written.end.get().segment, .end = last_position()});
    std::vector<log_entry> entries;
    const message_entry other{20, 2000};
    entries.push_back(other.pushed());
    pushed[20] = other.text();
    unsynced(entries);
    std::mt19937 random{1};
    for (int round = 0; round < 300; ++round) {
        arrivals some = all(disk->pieces());
        std::shuffle(some.begin(), some.end(), random);
        some.resize(random() % (some.size() + 1));
        expect_recovered(some, round % 8 == 0);
    }
}

TEST_F(LogCollectingTest, EachFailureOnTheWayToANewSegmentLosesNothing) {
    for (std::uint64_t i = 1; i <= 3; ++i) written.push(i, 3000);
    const message_entry large{7, 15000};
    const log_entry entry = large.pushed();
    std::uint64_t next = 10;
    for (const long call : {SYS_fdatasync, SYS_linkat, SYS_fsync}) {
        {
            scripted_kernel script;
            script.fail(call, EIO);
            EXPECT_THROW(written.log->append(std::span{&entry, 1}, 8), error);
        }
        written.push(next++);
        safe = written.expected;
        pushed = safe;
        pushed[7] = large.text();
        expect_every_subset_of_names();
    }
}

TEST_F(LogRecoveryTest, WhatTheCacheAloneHasIsWrittenOnceMoreBeforeItIsBelieved) {
    write_last_commit(400);
    // Not a stop of the machine: what was lost is what the living agreed on.
    written.reopen();
    safe = live_in(root.path());
    EXPECT_EQ(safe.size(), pushed.size() - 1);
    unsure_done = 0;
    expect_recovered({}, true);
}

TEST_F(LogCollectingTest, RemovedSegmentsMayComeBackInPart) {
    for (std::uint64_t i = 1; i <= 40; ++i) {
        written.push(i, 3000);
        pushed[i] = written.expected[i];
        if (i > 3) {
            written.finish(i - 3);
            pushed.erase(i - 3);
        }
        written.log->collect(100);
        safe = written.expected;
        expect_every_subset_of_names();
    }
}

}  // namespace
}  // namespace signet::pattern
