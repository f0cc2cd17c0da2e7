// SPDX-License-Identifier: Apache-2.0
#include <signet/life/ready_board.hpp>

#include <signet/os/event.hpp>
#include <signet/testing/sleepers.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace signet::life {
namespace {

class ReadyBoard : public ::testing::Test {
protected:
    void tell(std::uint32_t mark) { teller_.tell(place_->word_of(mark)); }
    std::vector<std::uint32_t> taken() {
        std::vector<std::uint32_t> all;
        place_->take([&](std::uint32_t mark) { all.push_back(mark); });
        return all;
    }

    std::optional<ready_place> place_ = ready_place::try_take();
    os::event event_;
    board_ringer teller_{ready_board::of_this_process()->words(), event_.handle()};
};

TEST_F(ReadyBoard, AMarkIsTakenOnce) {
    tell(7);
    EXPECT_TRUE(place_->any());
    EXPECT_EQ(taken(), std::vector{7u});
    EXPECT_FALSE(place_->any());
    EXPECT_TRUE(taken().empty());
}

TEST_F(ReadyBoard, AllMarksAreKeptApart) {
    std::vector<std::uint32_t> all;
    for (std::uint32_t mark = 0; mark < memory::marks_per_place; mark += 13) all.push_back(mark);
    for (const std::uint32_t mark : all) tell(mark);
    EXPECT_EQ(taken(), all);
}

TEST_F(ReadyBoard, PlacesAreKeptApart) {
    auto other = ready_place::try_take();
    teller_.tell(other->word_of(7));
    EXPECT_FALSE(place_->any());
    EXPECT_TRUE(other->any());
    other->take([](std::uint32_t) {});
}

TEST_F(ReadyBoard, WhoSleepsIsWokenByAMark) {
    bell_sleeper bell = place_->bell();
    testing::watched_thread waiter{[&] {
        const os::futex_waiter word = bell.arm();
        while (!place_->any()) os::futex_wait(*word.word, word.expected, never);
    }};
    EXPECT_TRUE(waiter.falls_asleep());
    tell(7);
    waiter.join();
    EXPECT_FALSE(event_.drain());
}

TEST_F(ReadyBoard, WhoSleepsOnDescriptorsHasTheEventSignalled) {
    tell(7);
    EXPECT_FALSE(event_.drain());
    place_->bell().arm_event();
    tell(7);
    EXPECT_TRUE(event_.drain());
}

TEST_F(ReadyBoard, GarbageIsNobodysMark) {
    for (const std::uint32_t word : {0u, 1u, ~0u, 1u << 16, 1u << 18, 1u << 31}) {
        teller_.tell(word);
    }
    EXPECT_FALSE(place_->any());
}

TEST_F(ReadyBoard, HasSoManyPlacesAndThoseThatWereLeftAgain) {
    std::vector<ready_place> all;
    while (auto one = ready_place::try_take()) all.push_back(std::move(*one));
    EXPECT_EQ(all.size(), memory::places_per_board - 1);
    all.pop_back();
    EXPECT_TRUE(ready_place::try_take());
}

TEST_F(ReadyBoard, ABellTellsOfTheNextRingOnly) {
    memory::bell_words words{};
    bell_ringer ringer{words, nullptr, fence_mode::always, clearing::by_ringer, &teller_};
    bell_sleeper sleeper{words, fence_mode::always};
    ringer.notify();
    EXPECT_FALSE(place_->any());
    sleeper.arm_on_board(place_->word_of(9));
    ringer.notify();
    EXPECT_EQ(taken(), std::vector{9u});
    ringer.notify();
    EXPECT_FALSE(place_->any());
}

}  // namespace
}  // namespace signet::life
