// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/redo_log.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/failures.hpp>

#include <gtest/gtest.h>

#include <array>

namespace signet::memory {
namespace {

class RedoLog : public ::testing::Test {
protected:
    static constexpr std::uint64_t first = page_bytes;

    std::uint64_t word(std::uint64_t offset) const {
        return words_.at(offset).load(std::memory_order_relaxed);
    }
    void log(std::uint64_t count, std::uint64_t offset, std::uint64_t value) {
        words_.header().redo[0].offset.store(offset, std::memory_order_relaxed);
        words_.header().redo[0].value.store(value, std::memory_order_relaxed);
        words_.header().redo_count.store(count, std::memory_order_relaxed);
    }

    alignas(page_bytes) std::array<std::byte, 2 * page_bytes> memory_{};
    region_words words_{memory_.data(), memory_.size()};
};

TEST_F(RedoLog, ChangesNothingBeforeItIsCommitted) {
    transaction changes{words_};
    changes.set(first, 1);
    changes.set(first, 2);
    EXPECT_EQ(changes.get(first), 2U);
    EXPECT_EQ(word(first), 0U);
    changes.commit();
    EXPECT_EQ(word(first), 2U);
    EXPECT_EQ(words_.header().redo_count.load(std::memory_order_relaxed), 0U);
}

TEST_F(RedoLog, LeavesNoTraceOfWhatWasNotCommitted) {
    {
        transaction{words_}.set(first, 1);
    }
    EXPECT_TRUE(replay(words_));
    EXPECT_EQ(word(first), 0U);
}

TEST_F(RedoLog, IsStoredByWhoFindsIt) {
    log(1, first + 8, 5);
    EXPECT_TRUE(replay(words_));
    EXPECT_TRUE(replay(words_));
    EXPECT_EQ(word(first + 8), 5U);
}

TEST_F(RedoLog, ThatLeadsOutOfTheRegionOrIntoItsHeaderIsRefused) {
    for (const std::uint64_t wrong :
         {first - 8, std::uint64_t{0}, first + 1, 2 * page_bytes, UINT64_MAX - 7}) {
        log(1, wrong, 5);
        EXPECT_FALSE(replay(words_)) << wrong;
        EXPECT_TRUE(replay(words_)) << "it is emptied";
    }
    log(redo_entries_max + 1, first, 5);
    EXPECT_FALSE(replay(words_));
    EXPECT_EQ(word(first), 0U);
}

TEST_F(RedoLog, HasRoomForSoManyWords) {
    transaction changes{words_};
    for (std::uint64_t i = 0; i < redo_entries_max; ++i) changes.set(first + 8 * i, i);
    EXPECT_THROW(changes.set(first + 8 * redo_entries_max, 1), contract_violation);
}

TEST_F(RedoLog, TakesNoWordFromOutside) {
    transaction changes{words_};
    EXPECT_THROW(changes.set(first - 8, 1), error);
    EXPECT_THROW(changes.set(2 * page_bytes, 1), error);
    EXPECT_THROW(static_cast<void>(changes.get(first + 4)), error);
}

}  // namespace
}  // namespace signet::memory
