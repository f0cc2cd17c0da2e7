// SPDX-License-Identifier: Apache-2.0
#include <tour/reception.hpp>

#include <gtest/gtest.h>

namespace tour {
namespace {

using signet::topic_event;

arrival message(std::uint64_t number) {
    return {.publisher = 1,
            .number = number,
            .counted = number,
            .sent_ns = 100,
            .bytes = 8,
            .whole = true};
}

topic_event death(std::uint64_t publisher) {
    return {topic_event::kind::died, 42, "somebody", publisher, "", signet::clock::now()};
}

role_stats stats_of(const reception& books) {
    role_stats stats{};
    books.fill(stats);
    return stats;
}

TEST(Reception, CountsWhatCameAndHowLate) {
    reception books{reception::gaps::forbidden};
    books.note(message(0), 110);
    EXPECT_EQ(stats_of(books).messages, 1u);
    EXPECT_EQ(stats_of(books).bytes, 8u);
    EXPECT_EQ(stats_of(books).p50_ns, 10);
}

TEST(Reception, CallsAGapMissingWhereNothingMayBeLost) {
    reception books{reception::gaps::forbidden};
    books.note(message(0), 110);
    books.note(message(3), 110);
    EXPECT_EQ(stats_of(books).missing, 2u);
    EXPECT_EQ(stats_of(books).dropped, 0u);
}

TEST(Reception, CallsAGapDroppedWhereLossesWereChosen) {
    reception books{reception::gaps::expected};
    books.note(message(0), 110);
    books.note(message(3), 110);
    EXPECT_EQ(stats_of(books).missing, 0u);
    EXPECT_EQ(stats_of(books).dropped, 2u);
}

TEST(Reception, CallsAMessageWithAWrongCheckOrNumberTorn) {
    reception books{reception::gaps::forbidden};
    arrival odd = message(0);
    odd.whole = false;
    books.note(odd, 110);
    odd = message(1);
    odd.counted = 7;
    books.note(odd, 110);
    EXPECT_EQ(stats_of(books).torn, 2u);
}

TEST(Reception, FollowsADeadPublisherUntilNothingIsLeft) {
    reception books{reception::gaps::forbidden};
    books.note(message(0), 110);
    books.note(death(1));
    books.note(message(1), 110);
    EXPECT_EQ(stats_of(books).ends[0].settled, 0);
    books.note_empty();
    EXPECT_EQ(stats_of(books).ends[0].settled, 1);
    EXPECT_EQ(stats_of(books).ends[0].through, 2u);
    EXPECT_EQ(stats_of(books).ends[0].pid, 42);
}

TEST(Reception, ReportsTheLatestEndsOnly) {
    reception books{reception::gaps::forbidden};
    for (std::uint64_t i = 1; i <= ends_max + 3; ++i) {
        topic_event event = death(i);
        event.pid = static_cast<int>(i);
        books.note(event);
    }
    EXPECT_EQ(stats_of(books).ends.front().pid, 4);
    EXPECT_EQ(stats_of(books).ends.back().pid, static_cast<int>(ends_max + 3));
}

}  // namespace
}  // namespace tour
