// SPDX-License-Identifier: Apache-2.0
// A subscriber that rewrites its page, and a member of the group that rewrites the bells, between
// any two loads of a publisher's.
#include "liar.hpp"

#include <signet/life/bell.hpp>
#include <signet/os/memfd.hpp>
#include <signet/transport/shm/subscriber_table.hpp>

#include <gtest/gtest.h>

namespace signet::tests {
namespace {

constexpr std::uint32_t grant = 3;

TEST(LyingSubscriber, MovesTheFloorOnlyForwardAndHoldsOnlyItsGrant) {
    constexpr std::size_t bytes = sizeof(memory::subscriber_page);
    const auto file = os::create_memfd("liar", bytes);
    auto page = os::mapping::read_write(file, bytes);
    liar lies{page.data(), bytes, seed_wanted()};
    transport::shm::subscriber_table table;
    table.add({1, nullptr, std::move(page), transport::delivery::block, grant, 0, false, {}});
    std::uint64_t floor = 0;
    const auto rounds = static_cast<std::uint64_t>(rounds_wanted());
    for (std::uint64_t published = 0; published < rounds; ++published) {
        lies.begin_attempt(published);
        const std::uint64_t now = table.blocking_floor(published);
        ASSERT_TRUE(now >= floor && now <= published);
        floor = now;
        ASSERT_LE(table.held().size(), grant);
        ASSERT_LE(lies.accesses(), 1 + int{grant});
    }
}

TEST(LyingSubscriber, HoldsOnlyItsGrantWhenItIsEvictedToo) {
    constexpr std::size_t bytes = sizeof(memory::subscriber_page);
    const auto file = os::create_memfd("liar", bytes);
    auto page = os::mapping::read_write(file, bytes);
    liar lies{page.data(), bytes, seed_wanted()};
    transport::shm::subscriber_table table;
    table.add({1, nullptr, std::move(page), transport::delivery::block, grant, 0, true, {}});
    const auto rounds = static_cast<std::uint64_t>(rounds_wanted());
    for (std::uint64_t published = 0; published < rounds; ++published) {
        lies.begin_attempt(published);
        ASSERT_EQ(table.blocking_floor(published), published);
        ASSERT_LE(table.held().size(), grant);
        ASSERT_LE(lies.accesses(), 1 + int{grant});
    }
}

class LyingBell : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_EQ(mode_, life::fence_mode::on_demand); }

    memory::bell_words& words() {
        return *reinterpret_cast<memory::bell_words*>(page_.begin() + memory::page_bytes -
                                                      sizeof(memory::bell_words));
    }

    life::fence_mode mode_ = life::fencing_of_this_process();
    guarded_memory page_{memory::page_bytes};
    liar liar_{page_.begin(), memory::page_bytes, seed_wanted()};
    os::event event_;
};

constexpr int bell_budget = 8;  // accesses of one notification or one arming

TEST_F(LyingBell, KeepsNoRingerBusy) {
    life::bell_ringer by_ringer{words(), &event_.handle(), mode_, life::clearing::by_ringer};
    life::bell_ringer by_sleeper{words(), &event_.handle(), mode_, life::clearing::by_sleeper};
    for (int i = rounds_wanted(); i != 0; --i) {
        liar_.begin_attempt(life::bell_armed | life::bell_fencing);
        (i % 2 == 0 ? by_ringer : by_sleeper).notify();
        ASSERT_LE(liar_.accesses(), bell_budget);
    }
}

TEST_F(LyingBell, KeepsNoSleeperBusy) {
    life::bell_sleeper sleeper{words(), mode_};
    for (int i = rounds_wanted(); i != 0; --i) {
        liar_.begin_attempt(life::bell_fencing);
        sleeper.arm();
        sleeper.disarm();
        ASSERT_LE(liar_.accesses(), bell_budget);
    }
}

}  // namespace
}  // namespace signet::tests
