// SPDX-License-Identifier: Apache-2.0
#include <signet/life/seat_table.hpp>

#include <signet/base/error.hpp>
#include <signet/os/file.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <utility>

namespace signet::life {
namespace {

using memory::seat_entry;
using memory::seat_state;
using memory::seat_word;
using memory::stamp;

/// Calls something before one of this thread's accesses, of which `before` come first.
class at_access {
public:
    at_access(int before, std::function<void()> call) : before_{before}, call_{std::move(call)} {
        current_ = this;
        memory::current_access_hook = [](memory::access_kind, const void*) {
            if (current_->before_-- == 0) current_->call_();
        };
    }
    at_access(const at_access&) = delete;
    at_access& operator=(const at_access&) = delete;
    ~at_access() { memory::current_access_hook = nullptr; }

private:
    static inline at_access* current_ = nullptr;
    int before_;
    std::function<void()> call_;
};

/// A table of two seats, and several that have it open.
class SeatTable : public ::testing::Test {
protected:
    struct opener {
        explicit opener(SeatTable& of)
            : file{os::file::open(of.path_)}, table{file, of.header_, of.seats_} {}
        os::file file;
        seat_table table;
    };

    void claim(opener& who) {
        who.table.claim([&](stamp owner) { swept_ = owner; }, [](seat_entry&) {});
    }
    void leave(opener& who) {
        who.table.leave([&](stamp owner) { swept_ = owner; }, [] {});
    }
    std::uint32_t word(std::size_t seat) {
        return seats_[seat].word.load(std::memory_order_relaxed);
    }
    void set_word(std::size_t seat, std::uint32_t word) {
        seats_[seat].word.store(word, std::memory_order_relaxed);
    }

    testing::temporary_directory root_;
    std::string path_ = root_.path() + "/seats";
    os::file made_ = os::file::create(path_);
    memory::region_header header_{};
    std::array<seat_entry, 2> seats_{};
    stamp swept_;
};

TEST_F(SeatTable, GivesEachAnotherSeat) {
    opener first{*this};
    opener second{*this};
    claim(first);
    claim(second);
    EXPECT_EQ(first.table.self().seat(), 0U);
    EXPECT_EQ(second.table.self().seat(), 1U);
    EXPECT_FALSE(first.table.dead(second.table.self()));
}

TEST_F(SeatTable, HasNoSeatForOneMore) {
    opener first{*this};
    opener second{*this};
    opener third{*this};
    claim(first);
    claim(second);
    EXPECT_THROW(claim(third), error);
}

TEST_F(SeatTable, ASeatThatIsLeftIsTakenWithAnotherGeneration) {
    opener first{*this};
    claim(first);
    const stamp before = first.table.self();
    leave(first);
    EXPECT_EQ(swept_, before);
    opener second{*this};
    claim(second);
    EXPECT_EQ(second.table.self().seat(), before.seat());
    EXPECT_NE(second.table.self(), before);
    EXPECT_TRUE(second.table.dead(before));
}

TEST_F(SeatTable, TheSeatOfADeadOneIsSweptBeforeItIsTaken) {
    const stamp dead{0, 70'000};
    set_word(0, seat_word(dead.generation(), seat_state::active));
    opener first{*this};
    claim(first);
    EXPECT_EQ(swept_, dead);
    EXPECT_EQ(first.table.self(), (stamp{0, 70'001}));
}

// Who is stopped while it takes a seat must not stand in for the dead one that sat there.
TEST_F(SeatTable, WhoTakesASeatLocksNoByteOfADeadOne) {
    const stamp dead{0, 70'000};
    for (int accesses = 0; accesses < 10; ++accesses) {
        set_word(0, seat_word(dead.generation(), seat_state::active));
        opener first{*this};
        opener second{*this};
        const at_access stopped{accesses, [&] { EXPECT_TRUE(second.table.dead(dead)); }};
        claim(first);
    }
}

TEST_F(SeatTable, WhoeverIsInTurnForASeatHasItAlone) {
    opener first{*this};
    opener second{*this};
    first.table.claim([](stamp) {}, [&](seat_entry&) { claim(second); });
    EXPECT_EQ(first.table.self().seat(), 0U);
    EXPECT_EQ(second.table.self().seat(), 1U);
}

TEST_F(SeatTable, AWordThatIsNoneOfASeatIsPutInOrder) {
    for (const std::uint32_t damaged :
         {3U, 0xffff'ffffU, 0x8000'0000U | seat_word(70'000, seat_state::active)}) {
        set_word(0, damaged);
        opener first{*this};
        first.table.sweep_all([](stamp) {});
        EXPECT_TRUE(memory::is_free(word(0))) << damaged;
        EXPECT_NE(word(0), damaged);
    }
}

}  // namespace
}  // namespace signet::life
