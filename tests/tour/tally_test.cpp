// SPDX-License-Identifier: Apache-2.0
#include <tour/kill_plan.hpp>
#include <tour/tally.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace tour {
namespace {

using std::chrono::milliseconds;

constexpr int sampler_pid = 10;
constexpr int viewer_pid = 20;

role_stats report(int pid, std::int64_t when = 1) {
    role_stats stats{};
    stats.pid = pid;
    stats.sent_ns = when;
    return stats;
}

/// The viewer's report about the end of the sampler.
role_stats report_of_end(std::uint64_t through, bool settled = true) {
    role_stats stats = report(viewer_pid, 500);
    stats.ends[0] = {.pid = sampler_pid,
                     .died = 1,
                     .settled = settled,
                     .unused = 0,
                     .noticed_ns = 150,
                     .through = through};
    return stats;
}

/// A sampler that promised ten messages before it was killed at 100, and a viewer.
tally with_dead_sampler() {
    tally books;
    books.started(role_id::sampler, sampler_pid, 1);
    books.started(role_id::viewer_block, viewer_pid, 1);
    books.heard(report(sampler_pid));
    books.heard(report(viewer_pid));
    books.killed(sampler_pid, 100);
    books.ended(sampler_pid, 110, true, false, 10);
    return books;
}

TEST(Tally, FindsThatWhatWasPromisedCame) {
    tally books = with_dead_sampler();
    books.heard(report_of_end(11));
    EXPECT_EQ(books.sums().promises, 1u);
    EXPECT_EQ(books.sums().broken, 0u);
}

TEST(Tally, CountsWhatWasPromisedAndDidNotCome) {
    tally books = with_dead_sampler();
    books.heard(report_of_end(7));
    EXPECT_EQ(books.sums().broken, 3u);
}

TEST(Tally, JudgesNobodyWhoIsNotDone) {
    tally books = with_dead_sampler();
    books.heard(report_of_end(7, false));
    EXPECT_EQ(books.sums().promises, 0u);
    books.heard(report_of_end(10));
    EXPECT_EQ(books.sums().broken, 0u);
}

TEST(Tally, JudgesEachPairOnce) {
    tally books = with_dead_sampler();
    books.heard(report_of_end(7));
    books.heard(report_of_end(7));
    EXPECT_EQ(books.sums().broken, 3u);
}

TEST(Tally, MeasuresFromTheKillToTheNotice) {
    tally books = with_dead_sampler();
    books.heard(report_of_end(10));
    EXPECT_EQ(books.notice_delays(), std::vector<std::int64_t>{50});
}

TEST(Tally, MissesADeathThatNobodyNoticed) {
    tally books = with_dead_sampler();
    EXPECT_EQ(books.sums().unnoticed, 1u);
    books.noticed(sampler_pid, viewer_pid, 150);
    EXPECT_EQ(books.sums().unnoticed, 0u);
}

TEST(Tally, TellsItsOwnKillsFromThoseOfOthers) {
    tally books = with_dead_sampler();
    books.ended(viewer_pid, 200, true, false, 0);
    EXPECT_EQ(books.sums().kills_by_tour, 1u);
    EXPECT_EQ(books.sums().kills_by_others, 1u);
    EXPECT_EQ(books.kills_of(role_id::sampler), 1u);
    EXPECT_EQ(books.kills_of(role_id::viewer_block), 0u);
}

TEST(Tally, CountsARestartWhenTheNewcomerIsHeard) {
    tally books = with_dead_sampler();
    books.started(role_id::sampler, 11, 120);
    EXPECT_EQ(books.sums().restarts, 0u);
    books.heard(report(11, 170));
    EXPECT_EQ(books.sums().restarts, 1u);
    EXPECT_EQ(books.return_delays(), std::vector<std::int64_t>{70});
}

TEST(Tally, CountsBothDeathsOfARoleKilledAgainBeforeItSpoke) {
    tally books = with_dead_sampler();
    books.started(role_id::sampler, 11, 120);
    books.ended(11, 130, true, false, 0);
    books.started(role_id::sampler, 12, 140);
    books.heard(report(12, 170));
    EXPECT_EQ(books.sums().restarts, 2u);
}

TEST(Tally, AddsUpReportsThatAreSums) {
    tally books = with_dead_sampler();
    role_stats stats = report(viewer_pid);
    stats.messages = 10;
    stats.torn = 1;
    books.heard(stats);
    stats.messages = 15;
    books.heard(stats);
    EXPECT_EQ(books.sums().messages, 15u);
    EXPECT_EQ(books.sums().torn, 1u);
    EXPECT_EQ(books.messages_of(role_id::viewer_block), 15u);
}

TEST(Tally, DoesNotListenToStrangers) {
    tally books;
    EXPECT_FALSE(books.heard(report(99)));
}

TEST(Median, IsTheMiddleOne) {
    EXPECT_EQ(median_of({}), 0);
    EXPECT_EQ(median_of({1, 2, 9}), 2);
}

TEST(KillPlan, WaitsForItsFirstMoment) {
    const kill_plan plan{{milliseconds{100}, milliseconds{10}}, 1};
    EXPECT_FALSE(plan.due(milliseconds{99}));
    EXPECT_TRUE(plan.due(milliseconds{100}));
}

TEST(KillPlan, KillsEverybodyOnceBeforeAnybodyAgain) {
    kill_plan plan{{milliseconds{0}, milliseconds{10}}, 1};
    std::map<role_id, int> kills;
    for (std::size_t i = 0; i < 2 * role_count; ++i) {
        const milliseconds now{1000 * static_cast<int>(i)};
        ++kills[plan.due(now).value()];
        plan.next(now);
        EXPECT_EQ(kills.size(), std::min(i + 1, role_count));
    }
    for (const auto& [role, count] : kills) EXPECT_EQ(count, 2) << name_of(role);
}

TEST(KillPace, LeavesTimeForTwoRoundsHoweverShortTheTour) {
    for (const milliseconds length :
         {milliseconds{3'000}, milliseconds{8'000}, milliseconds{45'000}, milliseconds{600'000}}) {
        const kill_pace pace = pace_for(length);
        const auto kills = 2 * static_cast<int>(role_count);
        EXPECT_LE(pace.first + kills * pace.interval, length);
    }
}

}  // namespace
}  // namespace tour
