// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/barrier.hpp>

#include <signet/testing/in_region.hpp>

#include <atomic>
#include <memory>
#include <stop_token>
#include <thread>
#include <vector>

namespace signet::sync {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::in_region;
using testing::mistake_of;
using testing::region_peer;
using testing::watched_thread;

class Barrier : public in_region {
protected:
    /// Takes a place, and never arrives.
    static void take_part(const region& shop, const region_peer::say& says) {
        barrier gate{shop, "gate", 2};
        says();
        testing::wait_to_be_killed();
    }
    static std::string death_of(const region_peer& who, int place) {
        return "cannot wait for all at 'gate': the peer is gone; participant " +
               std::to_string(place) + " (pid " + std::to_string(who.pid()) +
               ") died before it arrived; another one may take its place";
    }
};

TEST_F(Barrier, OfOneIsPassedAtOnce) {
    const region shop = open();
    barrier gate{shop, "gate", 1};
    for (int round = 0; round < 3; ++round) gate.arrive_and_wait();
    EXPECT_EQ(gate.round(), 3U);
}

TEST_F(Barrier, IsPassedByAllTogetherRoundByRound) {
    const testing::without_backstop alone;
    const region shop = open();
    constexpr int count = 4;
    std::atomic<int> arrived{0};
    std::vector<std::unique_ptr<barrier>> places;
    for (int i = 0; i < count; ++i) {
        places.push_back(std::make_unique<barrier>(shop, "gate", count));
    }
    std::vector<std::jthread> all;
    for (int i = 0; i < count; ++i) {
        all.emplace_back([&, i] {
            for (int round = 1; round <= 1000; ++round) {
                ++arrived;
                places[static_cast<std::size_t>(i)]->arrive_and_wait();
                EXPECT_GE(arrived, round * count);
            }
        });
    }
}

TEST_F(Barrier, CountsTheArrivalOfOneThatGivesUpOnce) {
    const region shop = open();
    barrier one{shop, "gate", 2};
    barrier other{shop, "gate", 2};
    EXPECT_FALSE(one.arrive_and_wait_for(1ms));
    EXPECT_FALSE(one.arrive_and_wait_until(clock::now() - 1s));
    other.arrive_and_wait();  // the round ends while the first one does not wait
    EXPECT_TRUE(one.arrive_and_wait_for(1ms));
    EXPECT_FALSE(one.arrive_and_wait_for(1ms));
    EXPECT_EQ(one.round(), 1U);
}

TEST_F(Barrier, IsPassedByThoseWhoGiveUpAndComeAgain) {
    const testing::without_backstop alone;
    const region shop = open();
    std::vector<std::jthread> all;
    for (int i = 0; i < 3; ++i) {
        all.emplace_back([&, gate = std::make_shared<barrier>(shop, "gate", 3u)] {
            for (int round = 0; round < 1000; ++round) {
                while (!gate->arrive_and_wait_for(5us)) {
                }
                EXPECT_GE(gate->round(), static_cast<std::uint32_t>(round) + 1);
            }
        });
    }
}

TEST_F(Barrier, EndsAWaitAtAStop) {
    const region shop = open();
    barrier gate{shop, "gate", 2};
    std::stop_source stop;
    watched_thread waits{[&] { EXPECT_FALSE(gate.arrive_and_wait(stop.get_token())); }};
    EXPECT_TRUE(waits.falls_asleep());
    stop.request_stop();
}

TEST_F(Barrier, GivesThePlaceOfOneThatLeftToAnother) {
    const region shop = open();
    barrier gate{shop, "gate", 2};
    {
        barrier leaves{shop, "gate", 2};
        EXPECT_FALSE(leaves.arrive_and_wait_for(1ms));
    }
    EXPECT_FALSE(gate.arrive_and_wait_for(1ms));  // who has left has not arrived
    barrier{shop, "gate", 2}.arrive_and_wait();
    EXPECT_EQ(gate.round(), 1U);
}

TEST_F(Barrier, HasNoPlaceForOneMore) {
    const region shop = open();
    const barrier gate{shop, "gate", 1};
    EXPECT_EQ(complaint_of([&] { barrier(shop, "gate", 1); }),
              "cannot take part in 'gate': limit reached; all 1 participants are there");
}

// ---- deaths -------------------------------------------------------------------------------------

TEST_F(Barrier, NamesTheOneThatDiedToWhoSleepsAndToWhoComesLater) {
    region_peer dies{where_, &take_part};
    const testing::without_backstop alone;
    const region shop = open();
    EXPECT_TRUE(dies.has_said());
    barrier gate{shop, "gate", 2};
    watched_thread waits{
        [&] { EXPECT_EQ(complaint_of([&] { gate.arrive_and_wait(); }), death_of(dies, 0)); }};
    EXPECT_TRUE(waits.falls_asleep());
    dies.kill();
    waits.join();
    EXPECT_EQ(complaint_of([&] { gate.arrive_and_wait(); }), death_of(dies, 0));
}

TEST_F(Barrier, GoesOnWithANewcomerInThePlaceOfTheDead) {
    region_peer dies{where_, &take_part};
    const region shop = open();
    EXPECT_TRUE(dies.has_said());
    barrier gate{shop, "gate", 2};
    dies.kill();
    EXPECT_THROW(gate.arrive_and_wait(), error);
    barrier newcomer{shop, "gate", 2};
    newcomer.arrive_and_wait();                  // ends the round that the first one was told of
    EXPECT_TRUE(gate.arrive_and_wait_for(1ms));  // which is therefore over for it
    EXPECT_EQ(gate.round(), 1U);
    EXPECT_FALSE(gate.arrive_and_wait_for(1ms));
    newcomer.arrive_and_wait();
    EXPECT_EQ(gate.round(), 2U);
}

TEST_F(Barrier, CountsOneThatDiedAfterItHadArrivedUntilTheRoundEnds) {
    region_peer dies{where_, [](const region& shop, const region_peer::say& says) {
                         barrier gate{shop, "gate", 2};
                         static_cast<void>(gate.arrive_and_wait_for(0ms));
                         says();
                         testing::wait_to_be_killed();
                     }};
    const region shop = open();
    EXPECT_TRUE(dies.has_said());
    dies.kill();
    barrier gate{shop, "gate", 2};
    barrier newcomer{shop, "gate", 2};
    EXPECT_TRUE(gate.arrive_and_wait_for(0ms) || newcomer.arrive_and_wait_for(0ms));
    EXPECT_EQ(gate.round(), 1U);
}

TEST_F(Barrier, EndsARoundThatTheLastToArriveDidNotComeToEnd) {
    region_peer dies{where_, &take_part};
    const testing::without_backstop alone;
    const region shop = open();
    EXPECT_TRUE(dies.has_said());
    barrier gate{shop, "gate", 2};
    std::atomic<bool> told{false};
    watched_thread waits{[&] {
        EXPECT_THROW(gate.arrive_and_wait(), error);
        told = true;
    }};
    dies.kill();
    EXPECT_TRUE(testing::eventually([&] { return told.load(); }));
}

TEST_F(Barrier, WaitsForAStoppedOne) {
    region_peer stands{where_, &take_part};
    const region shop = open();
    EXPECT_TRUE(stands.has_said());
    barrier gate{shop, "gate", 2};
    stands.stop();
    EXPECT_FALSE(gate.arrive_and_wait_for(500ms));
}

#ifdef SIGNET_ACCESS_HOOK
TEST_F(Barrier, HasAPlaceForANewcomerThoughItIsJustBeingMarkedAsLeft) {
    region_peer dies{where_, &take_part};
    const region shop = open();
    EXPECT_TRUE(dies.has_said());
    const barrier gate{shop, "gate", 2};
    dies.stop();
    static pid_t pid;
    pid = dies.pid();
    static bool killed;
    killed = false;
    // The newcomer has seen that the owner is dead, and is about to take its place.
    memory::current_access_hook = [](memory::access_kind kind, const void*) {
        if (kind != memory::access_kind::exchange || killed) return;
        killed = true;
        ::kill(pid, SIGKILL);
    };
    EXPECT_TRUE(testing::eventually(
        [&] { return complaint_of([&] { barrier(shop, "gate", 2); }) == "no error" || !killed; }));
    memory::current_access_hook = nullptr;
}
#endif

// ---- fork and mistakes --------------------------------------------------------------------------

TEST_F(Barrier, RefusesAForkedChild) {
    const region shop = open();
    barrier gate{shop, "gate", 2};
    latch done{shop, "done", 2};
    const int code = testing::exit_code_of_forked([&] {
        const bool arrives = complaint_of([&] { gate.arrive_and_wait(); }) != "no error";
        const bool looks = complaint_of([&] { gate.round(); }) != "no error";
        const bool counts = complaint_of([&] { done.count_down(); }) != "no error";
        const bool waits = complaint_of([&] { done.wait(); }) != "no error";
        return arrives && looks && counts && waits ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(Barrier, IsForOneToSoMany) {
    const region shop = open();
    const std::string told =
        "cannot make a barrier or latch: option out of range; it has 1 to 4096 participants";
    EXPECT_EQ(complaint_of([&] { barrier(shop, "gate", 0); }), told);
    EXPECT_EQ(complaint_of([&] { barrier(shop, "gate", 4097); }), told);
    const barrier gate{shop, "gate", 2};
    const auto other = [&] { barrier(shop, "gate", 3); };
    EXPECT_NE(complaint_of(other).find("it was made with other options"), std::string::npos);
}

// ---- latch --------------------------------------------------------------------------------------

class Latch : public in_region {};

TEST_F(Latch, OpensWhenAllHaveCountedDown) {
    const testing::without_backstop alone;
    const region shop = open();
    latch one{shop, "ready", 2};
    latch other{shop, "ready", 2};
    latch looks{shop, "ready", 2, latch_role::waits_only};
    EXPECT_FALSE(looks.try_wait());
    one.count_down();
    one.count_down();  // counts once
    EXPECT_FALSE(looks.wait_for(1ms));
    watched_thread waits{[&] { looks.wait(); }};
    EXPECT_TRUE(waits.falls_asleep());
    other.arrive_and_wait();
}

TEST_F(Latch, StaysOpen) {
    const region shop = open();
    latch{shop, "ready", 1}.count_down();
    latch late{shop, "ready", 1};
    EXPECT_TRUE(late.try_wait());
    late.arrive_and_wait();
}

TEST_F(Latch, EndsAWaitAtAStop) {
    const region shop = open();
    latch ready{shop, "ready", 1};
    std::stop_source stop;
    watched_thread waits{[&] { EXPECT_FALSE(ready.wait(stop.get_token())); }};
    EXPECT_TRUE(waits.falls_asleep());
    stop.request_stop();
}

TEST_F(Latch, KeepsThePlaceOfOneThatCountedDownAndLeft) {
    const region shop = open();
    latch looks{shop, "ready", 2, latch_role::waits_only};
    for (int i = 0; i < 2; ++i) {
        const region other = open();
        latch{other, "ready", 2}.count_down();
    }
    EXPECT_TRUE(looks.try_wait());
}

TEST_F(Latch, KeepsThePlaceOfOneThatCountedDownAndDied) {
    region_peer dies{where_, [](const region& shop, const region_peer::say& says) {
                         latch ready{shop, "ready", 2};
                         ready.count_down();
                         says();
                         testing::wait_to_be_killed();
                     }};
    EXPECT_TRUE(dies.has_said());
    dies.kill();
    const region shop = open();
    latch{shop, "ready", 2}.arrive_and_wait();
}

TEST_F(Latch, NamesTheOneThatDiedAndGivesItsPlaceToAnother) {
    region_peer dies{where_, [](const region& shop, const region_peer::say& says) {
                         const latch ready{shop, "ready", 1};
                         says();
                         testing::wait_to_be_killed();
                     }};
    const region shop = open();
    latch looks{shop, "ready", 1, latch_role::waits_only};
    EXPECT_TRUE(dies.has_said());
    dies.kill();
    const std::string told = complaint_of([&] { looks.wait(); });
    EXPECT_NE(told.find("(pid " + std::to_string(dies.pid()) + ")"), std::string::npos) << told;
    latch{shop, "ready", 1}.count_down();
    looks.wait();
}

TEST_F(Latch, IsNotCountedDownByWhoOnlyWaits) {
    const region shop = open();
    latch looks{shop, "ready", 1, latch_role::waits_only};
    EXPECT_EQ(mistake_of([&] { looks.count_down(); }),
              "count down latch 'ready': it was opened to wait only");
}

}  // namespace
}  // namespace signet::sync
