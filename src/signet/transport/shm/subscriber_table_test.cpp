// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/subscriber_table.hpp>

#include <signet/os/memfd.hpp>

#include <gtest/gtest.h>

#include <array>

namespace signet::transport::shm {
namespace {

class SubscriberTable : public ::testing::Test {
protected:
    /// Adds a subscriber; what it writes to its page.
    memory::subscriber_page& add(std::uint64_t endpoint, delivery policy, std::uint32_t grant = 2) {
        const auto file = os::create_memfd("page", sizeof(memory::subscriber_page));
        auto page = os::mapping::read_write(file, sizeof(memory::subscriber_page));
        auto& words = *reinterpret_cast<memory::subscriber_page*>(page.data());
        table_.add({endpoint, peer_of(endpoint), std::move(page), policy, grant, 0, false, {}});
        return words;
    }

    /// Only compared, never looked at.
    static link::peer* peer_of(std::uint64_t endpoint) {
        return reinterpret_cast<link::peer*>(endpoint * 64);
    }

    static void say_cursor(memory::subscriber_page& page, std::uint64_t cursor) {
        page.cursor.store(cursor, std::memory_order_release);
    }

    static void hold(memory::subscriber_page& page, std::uint32_t place, std::uint64_t message) {
        page.hazard[place].store(message + 1, std::memory_order_release);
    }

    std::vector<std::uint64_t> held() {
        const auto all = table_.held();
        return {all.begin(), all.end()};
    }

    subscriber_table table_;
};

TEST_F(SubscriberTable, WithoutBlockingSubscribersNobodyIsWaitedFor) {
    add(1, delivery::drop_oldest);
    EXPECT_EQ(table_.blocking_floor(100), 100u);
}

TEST_F(SubscriberTable, TheSlowestBlockingSubscriberIsTheFloor) {
    say_cursor(add(1, delivery::block), 7);
    say_cursor(add(2, delivery::block), 5);
    say_cursor(add(3, delivery::drop_oldest), 1);
    EXPECT_EQ(table_.blocking_floor(100), 5u);
}

TEST_F(SubscriberTable, ACursorNeverMovesBack) {
    auto& page = add(1, delivery::block);
    say_cursor(page, 50);
    EXPECT_EQ(table_.blocking_floor(100), 50u);
    say_cursor(page, 10);
    EXPECT_EQ(table_.blocking_floor(100), 50u);
}

TEST_F(SubscriberTable, ACursorIsNeverAheadOfWhatWasPublished) {
    say_cursor(add(1, delivery::block), 1000);
    EXPECT_EQ(table_.blocking_floor(100), 100u);
}

TEST_F(SubscriberTable, OneThatReadsNoMoreIsNotWaitedForButHolds) {
    auto& page = add(1, delivery::block);
    say_cursor(page, memory::cursor_abandoned);
    hold(page, 0, 3);
    EXPECT_EQ(table_.blocking_floor(100), 100u);
    EXPECT_EQ(table_.blocking_floor(200), 200u);
    EXPECT_EQ(held(), std::vector<std::uint64_t>{3});
}

TEST_F(SubscriberTable, AllThatIsHeldIsListedInOrder) {
    auto& first = add(1, delivery::block);
    auto& second = add(2, delivery::drop_oldest);
    hold(first, 0, 9);
    hold(first, 1, 0);
    hold(second, 0, 5);
    EXPECT_EQ(held(), (std::vector<std::uint64_t>{0, 5, 9}));
}

TEST_F(SubscriberTable, HoldsBeyondTheGrantAreNotLookedAt) {
    auto& page = add(1, delivery::block, 1);
    hold(page, 0, 9);
    hold(page, 1, 5);
    EXPECT_EQ(held(), std::vector<std::uint64_t>{9});
}

TEST_F(SubscriberTable, OneThatLostItsLinkIsNotWaitedForButHolds) {
    auto& page = add(1, delivery::block);
    hold(page, 0, 3);
    EXPECT_EQ(table_.evict_peer(*peer_of(1)), std::vector<std::uint64_t>{1});
    EXPECT_EQ(table_.blocking_floor(100), 100u);
    EXPECT_EQ(held(), (std::vector<std::uint64_t>{0, 3}))
        << "the one at its cursor, and the hazard";
    EXPECT_EQ(table_.size(), 0u);
    EXPECT_EQ(table_.granted(), 2u);
}

TEST_F(SubscriberTable, AnEvictionIsToldOnce) {
    add(1, delivery::block);
    EXPECT_EQ(table_.evict_peer(*peer_of(1)).size(), 1u);
    EXPECT_TRUE(table_.evict_peer(*peer_of(1)).empty());
}

TEST_F(SubscriberTable, ADeadOneHoldsNothing) {
    hold(add(1, delivery::block), 0, 3);
    table_.evict_peer(*peer_of(1));
    table_.remove_peer(*peer_of(1));
    EXPECT_TRUE(held().empty());
    EXPECT_EQ(table_.granted(), 0u);
}

TEST_F(SubscriberTable, OneThatLeavesIsForgotten) {
    add(1, delivery::block);
    EXPECT_TRUE(table_.remove_endpoint(1));
    EXPECT_FALSE(table_.remove_endpoint(1));
    EXPECT_EQ(table_.find(1), nullptr);
    EXPECT_TRUE(table_.empty());
}

TEST_F(SubscriberTable, TheCursorOfAnEvictedOneIsHeldWhileItBlocked) {
    say_cursor(add(1, delivery::block), 7);
    say_cursor(add(2, delivery::drop_oldest), 5);
    EXPECT_TRUE(held().empty());
    table_.evict_peer(*peer_of(2));
    EXPECT_TRUE(held().empty());
    EXPECT_FALSE(table_.passes_some());
    table_.evict_peer(*peer_of(1));
    EXPECT_EQ(held(), std::vector<std::uint64_t>{7});
    EXPECT_TRUE(table_.passes_some());
}

TEST_F(SubscriberTable, OneThatMadeThePublisherWaitTooLongIsHeldByItsCursorToo) {
    say_cursor(add(1, delivery::block), 7);
    say_cursor(add(2, delivery::block), 9);
    table_.blocking_floor(100);
    EXPECT_EQ(table_.charge(std::chrono::seconds{2}, std::chrono::seconds{1}),
              std::vector<std::uint64_t>{1});
    EXPECT_EQ(table_.blocking_floor(100), 9u);
    EXPECT_EQ(held(), std::vector<std::uint64_t>{7});
}

TEST_F(SubscriberTable, NoneLiesAtTheCursorWhereAllGrantsAreHazards) {
    auto& page = add(1, delivery::block);
    say_cursor(page, 7);
    hold(page, 0, 3);
    hold(page, 1, 4);
    table_.evict_peer(*peer_of(1));
    EXPECT_EQ(held(), (std::vector<std::uint64_t>{3, 4}));
    page.hazard[0].store(0, std::memory_order_release);
    EXPECT_EQ(held(), (std::vector<std::uint64_t>{4, 7}));
}

TEST_F(SubscriberTable, ALyingCursorHoldsOneMessageAtMost) {
    auto& page = add(1, delivery::block, 3);
    table_.evict_peer(*peer_of(1));
    for (const std::uint64_t lie : {std::uint64_t{0}, std::uint64_t{50}, ~std::uint64_t{0}}) {
        say_cursor(page, lie);
        EXPECT_EQ(held(), std::vector<std::uint64_t>{lie});
    }
    EXPECT_EQ(table_.blocking_floor(100), 100u) << "nobody waits for it";
}

TEST_F(SubscriberTable, OneThatWasGrantedNothingHoldsNothing) {
    say_cursor(add(1, delivery::block, 0), 7);
    table_.evict_peer(*peer_of(1));
    EXPECT_TRUE(held().empty());
}

TEST_F(SubscriberTable, NobodyIsPassedOnceTheEvictedAreGone) {
    add(1, delivery::block);
    add(2, delivery::block);
    table_.evict_peer(*peer_of(1));
    table_.evict_peer(*peer_of(2));
    EXPECT_TRUE(table_.remove_endpoint(1) && table_.passes_some());
    table_.remove_peer(*peer_of(2));
    EXPECT_FALSE(table_.passes_some());
}

TEST_F(SubscriberTable, ItKnowsWhetherAllBlock) {
    add(1, delivery::block);
    EXPECT_TRUE(table_.all_block());
    add(2, delivery::drop_oldest);
    EXPECT_FALSE(table_.all_block());
}

}  // namespace
}  // namespace signet::transport::shm
