// SPDX-License-Identifier: Apache-2.0
#include <signet/life/seat_table.hpp>

#include <signet/base/error.hpp>
#include <signet/os/mapping.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <memory>
#include <vector>

namespace signet::life {
namespace {

using memory::seat_state;
using memory::stamp;

constexpr std::uint32_t count = 3;
const memory::region_geometry shape{1 << 16, count, 1};

void forget(stamp) {}

/// A region's file, opened and mapped by one process, and its seats.
struct opened {
    explicit opened(const std::string& path)
        : file{os::file::open_or_create(path)},
          map{os::mapping::read_write(sized(file), shape.bytes)},
          seats{file,
                *reinterpret_cast<memory::region_header*>(map.data()),
                {reinterpret_cast<memory::seat_entry*>(map.data() + shape.seats_offset()), count}} {
    }

    static const os::descriptor& sized(const os::file& file) {
        file.resize(shape.bytes);
        return file.handle();
    }
    stamp claim() {
        seats.claim(&forget, [](memory::seat_entry&) {});
        return seats.self();
    }
    memory::shared_word<std::uint32_t>& word(std::uint32_t seat) {
        return seats.seats()[seat].word;
    }

    os::file file;
    os::mapping map;
    seat_table seats;
};

class SeatDeaths : public ::testing::Test {
protected:
    opened here() const { return opened{place_.path() + "/region"}; }

    /// The stamp of a process that took a seat and died.
    stamp claimed_by_the_dead() {
        EXPECT_EQ(testing::exit_code_of_forked([&] {
                      here().claim();
                      raise(SIGKILL);
                      return 0;
                  }),
                  128 + SIGKILL);
        opened look = here();
        const std::uint32_t word = look.word(0).load(std::memory_order_relaxed);
        EXPECT_TRUE(memory::is_active(word));
        return {0, memory::seat_generation(word)};
    }

    testing::temporary_directory place_;
};

TEST_F(SeatDeaths, GivesEachItsOwnSeat) {
    opened one = here();
    opened other = here();
    EXPECT_NE(one.claim(), other.claim());
    EXPECT_FALSE(one.seats.dead(other.seats.self()));
    EXPECT_FALSE(one.seats.dead(one.seats.self()));
    EXPECT_EQ(one.seats.holders().size(), 2U);
}

TEST_F(SeatDeaths, SaysWhoSits) {
    opened one = here();
    const seat_holder found = one.seats.holder(one.claim());
    EXPECT_EQ(found.pid, getpid());
    EXPECT_EQ(found.uid, getuid());
    EXPECT_TRUE(found.alive);
    EXPECT_FALSE(found.command.empty());
    EXPECT_TRUE(one.seats.holder(stamp{1, 70000}).owner.nobody());
}

TEST_F(SeatDeaths, HasNoSeatForOneMore) {
    std::vector<std::unique_ptr<opened>> all;
    for (std::uint32_t i = 0; i < count; ++i) {
        all.push_back(std::make_unique<opened>(place_.path() + "/region"));
        all.back()->claim();
    }
    opened late = here();
    EXPECT_NE(testing::complaint_of([&] { late.claim(); }).find("all 3 seats are taken"),
              std::string::npos);
    const stamp before = all[1]->seats.self();
    all[1]->seats.leave(&forget, [] {});
    EXPECT_EQ(late.claim().seat(), before.seat());
    EXPECT_NE(late.seats.self(), before);
}

TEST_F(SeatDeaths, ProvesADeathAndTakesBackOnce) {
    const stamp owner = claimed_by_the_dead();
    opened survivor = here();
    EXPECT_TRUE(survivor.seats.dead(owner));
    std::vector<stamp> taken;
    const take_back recover = [&](stamp dead) { taken.push_back(dead); };
    survivor.seats.sweep_all(recover);
    survivor.seats.sweep_all(recover);
    EXPECT_EQ(taken, std::vector<stamp>{owner});
    EXPECT_TRUE(survivor.seats.dead(owner));
    EXPECT_NE(survivor.claim(), owner);
}

TEST_F(SeatDeaths, IsSweptByWhoTakesTheSeatToo) {
    const stamp owner = claimed_by_the_dead();
    opened next = here();
    std::vector<stamp> taken;
    next.seats.claim([&](stamp dead) { taken.push_back(dead); }, [](memory::seat_entry&) {});
    EXPECT_EQ(taken, std::vector<stamp>{owner});
    EXPECT_EQ(next.seats.self().seat(), owner.seat());
    EXPECT_NE(next.seats.self(), owner);
    next.seats.sweep(owner, &forget);  // one that comes too late
    EXPECT_TRUE(memory::is_active(next.word(0).load(std::memory_order_relaxed)));
}

TEST_F(SeatDeaths, IsSweptByTheNextWhereASweeperDiesInTheMiddle) {
    const stamp owner = claimed_by_the_dead();
    const take_back die = [](stamp) { raise(SIGKILL); };
    EXPECT_EQ(testing::exit_code_of_forked([&] { return here().seats.sweep_all(die), 0; }),
              128 + SIGKILL);
    opened survivor = here();
    std::vector<stamp> taken;
    survivor.seats.sweep_all([&](stamp dead) { taken.push_back(dead); });
    EXPECT_EQ(taken, std::vector<stamp>{owner});
}

TEST_F(SeatDeaths, KnowsNoOwnerWhoseSeatThereIsNot) {
    opened one = here();
    one.claim();
    EXPECT_TRUE(one.seats.dead(stamp{count, 70000}));
    EXPECT_TRUE(one.seats.dead(stamp::of(stamp::mask)));
    EXPECT_TRUE(one.seats.dead(stamp{1, 70000}));
    one.seats.sweep(stamp{count, 70000}, &forget);
}

TEST_F(SeatDeaths, HealsADamagedWord) {
    opened one = here();
    one.claim();
    for (const std::uint32_t damage : {3U, 1U << 30 | 1U, 1U << 31 | 2U, ~0U}) {
        one.word(1).store(damage, std::memory_order_relaxed);
        one.seats.sweep_all(&forget);
        EXPECT_EQ(one.word(1).load(std::memory_order_relaxed) & 3,
                  static_cast<std::uint32_t>(seat_state::free));
    }
}

#ifdef SIGNET_ACCESS_HOOK

int accesses_left = 0;

/// Dies at the `nth` access while it takes a seat; false where it ends before.
bool dies_at_access(int nth, const std::function<void()>& body) {
    return testing::exit_code_of_forked([&] {
               accesses_left = nth;
               memory::current_access_hook = [](memory::access_kind, const void*) {
                   if (--accesses_left == 0) raise(SIGKILL);
               };
               body();
               memory::current_access_hook = nullptr;
               return 0;
           }) != 0;
}

TEST_F(SeatDeaths, HasAllItsSeatsForTheLivingWhereverOneDied) {
    const std::string path = place_.path() + "/region";
    int nth = 1;
    const auto come_and_go = [&] {
        opened one{path};
        one.claim();
        one.seats.leave(&forget, [] {});
    };
    for (; dies_at_access(nth, come_and_go); ++nth) {
        std::array<std::unique_ptr<opened>, count> all;
        for (auto& one : all) {
            one = std::make_unique<opened>(path);
            ASSERT_NO_THROW(one->claim()) << "death at access " << nth;
        }
        for (auto& one : all) one->seats.leave(&forget, [] {});
    }
    EXPECT_GT(nth, 8);
}

#endif

}  // namespace
}  // namespace signet::life
