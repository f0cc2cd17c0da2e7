// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/event.hpp>

#include <signet/testing/in_region.hpp>

#include <atomic>
#include <stop_token>
#include <thread>
#include <vector>

namespace signet::sync {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::in_region;
using testing::region_peer;
using testing::watched_thread;

class Event : public in_region {};

TEST_F(Event, LetsAllThroughUntilItIsReset) {
    const region shop = open();
    event opened{shop, "opened"};
    EXPECT_FALSE(opened.try_wait());
    opened.set();
    opened.wait();
    EXPECT_TRUE(opened.try_wait());
    EXPECT_TRUE(opened.is_set());
    opened.reset();
    EXPECT_FALSE(opened.try_wait());
}

TEST_F(Event, ThatResetsItselfLetsOneThrough) {
    const region shop = open();
    event opened{shop, "opened", event_reset::automatic};
    opened.set();
    opened.set();
    opened.wait();
    EXPECT_FALSE(opened.try_wait());
    EXPECT_FALSE(opened.is_set());
}

TEST_F(Event, WakesAllWhoSleepForIt) {
    const testing::without_backstop alone;
    const region shop = open();
    event opened{shop, "opened"};
    watched_thread one{[&] { opened.wait(); }};
    watched_thread other{[&] { opened.wait(); }};
    EXPECT_TRUE(one.falls_asleep() && other.falls_asleep());
    opened.set();
}

TEST_F(Event, ThatResetsItselfWakesOneForEachTimeItIsSet) {
    const testing::without_backstop alone;
    const region shop = open();
    event opened{shop, "opened", event_reset::automatic};
    std::atomic<int> through{0};
    const auto pass = [&] {
        opened.wait();
        ++through;
    };
    watched_thread one{pass};
    watched_thread other{pass};
    EXPECT_TRUE(one.falls_asleep() && other.falls_asleep());
    for (int expected = 1; expected <= 2; ++expected) {
        opened.set();
        EXPECT_TRUE(testing::eventually([&] { return through == expected; }));
    }
}

TEST_F(Event, EndsWaitsAtADeadlineOrAStop) {
    const region shop = open();
    event opened{shop, "opened"};
    EXPECT_FALSE(opened.wait_for(2ms));
    EXPECT_FALSE(opened.wait_until(clock::now() - 1s));
    std::stop_source stop;
    watched_thread waits{[&] { EXPECT_FALSE(opened.wait(stop.get_token())); }};
    EXPECT_TRUE(waits.falls_asleep());
    stop.request_stop();
}

TEST_F(Event, LosesNoTurnAmongThoseWhoGiveUp) {
    const testing::without_backstop alone;
    const region shop = open();
    event ping{shop, "ping", event_reset::automatic};
    event pong{shop, "pong", event_reset::automatic};
    std::atomic<bool> over{false};
    std::vector<std::jthread> users;
    users.emplace_back([&] {
        for (int round = 0; round < 3000; ++round) ping.set(), pong.wait();
        over = true;
        ping.set();
    });
    for (int i = 0; i < 3; ++i) {
        users.emplace_back([&, i] {
            while (!over) {
                if (i == 0) ping.wait();
                if (i == 0 || ping.wait_for(10us)) pong.set();
            }
            ping.set();
        });
    }
}

TEST_F(Event, IsSetAmongProcesses) {
    region_peer sets{where_, [](const region& shop, const region_peer::say& says) {
                         event opened{shop, "opened"};
                         says.until_told();
                         opened.set();
                         says();
                     }};
    const testing::without_backstop alone;
    const region shop = open();
    event opened{shop, "opened"};
    sets.tell();
    opened.wait();
    EXPECT_TRUE(sets.has_said());
    sets.kill();
    EXPECT_TRUE(opened.is_set());
}

TEST_F(Event, ReachesTheNextOneWhereASleeperDies) {
    region_peer dies{where_, [](const region& shop, const region_peer::say& says) {
                         event opened{shop, "opened", event_reset::automatic};
                         says();
                         opened.wait();
                     }};
    const testing::without_backstop alone;
    const region shop = open();
    event opened{shop, "opened", event_reset::automatic};
    EXPECT_TRUE(dies.falls_asleep());
    watched_thread waits{[&] { opened.wait(); }};
    EXPECT_TRUE(waits.falls_asleep());
    dies.stop();
    opened.set();
    dies.kill();
}

TEST_F(Event, RefusesAForkedChild) {
    const region shop = open();
    event opened{shop, "opened"};
    const int code = testing::exit_code_of_forked([&] {
        const bool sets = complaint_of([&] { opened.set(); }) != "no error";
        const bool resets = complaint_of([&] { opened.reset(); }) != "no error";
        const bool waits = complaint_of([&] { opened.wait(); }) != "no error";
        const bool looks = complaint_of([&] { opened.is_set(); }) != "no error";
        return sets && resets && waits && looks ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

TEST_F(Event, IsResetInTheSameWayForAll) {
    const region shop = open();
    const event opened{shop, "opened"};
    const auto other = [&] { event(shop, "opened", event_reset::automatic); };
    EXPECT_NE(complaint_of(other).find("it was made with other options"), std::string::npos);
}

}  // namespace
}  // namespace signet::sync
