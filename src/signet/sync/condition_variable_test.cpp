// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/condition_variable.hpp>

#include <signet/sync/mutex.hpp>
#include <signet/sync/shared_mutex.hpp>
#include <signet/testing/in_region.hpp>

#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace signet::sync {
namespace {

using namespace std::chrono_literals;
using testing::in_region;
using testing::region_peer;
using testing::watched_thread;

class ConditionVariable : public in_region {};

TEST_F(ConditionVariable, EndsAWaitWhenItsPredicateHolds) {
    const testing::without_backstop alone;
    const region shop = open();
    mutex till{shop, "till"};
    condition_variable changed{shop, "changed"};
    bool sold = false;
    watched_thread waits{[&] {
        std::unique_lock mine{till};
        changed.wait(mine, [&] { return sold; });
        EXPECT_TRUE(till.held_here());
    }};
    EXPECT_TRUE(waits.falls_asleep());
    const std::scoped_lock mine{till};
    sold = true;
    changed.notify_one();
}

TEST_F(ConditionVariable, TellsAll) {
    const testing::without_backstop alone;
    const region shop = open();
    mutex till{shop, "till"};
    condition_variable changed{shop, "changed"};
    bool sold = false;
    const auto wait = [&] {
        std::unique_lock mine{till};
        changed.wait(mine, [&] { return sold; });
    };
    watched_thread one{wait};
    watched_thread other{wait};
    EXPECT_TRUE(one.falls_asleep() && other.falls_asleep());
    const std::scoped_lock mine{till};
    sold = true;
    changed.notify_all();
}

TEST_F(ConditionVariable, EndsAtADeadlineWithWhatThePredicateSays) {
    const region shop = open();
    mutex till{shop, "till"};
    condition_variable changed{shop, "changed"};
    std::unique_lock mine{till};
    EXPECT_FALSE(changed.wait_for(mine, 1ms, [] { return false; }));
    EXPECT_TRUE(changed.wait_until(mine, clock::now() - 1s, [] { return true; }));
    int asked = 0;
    EXPECT_TRUE(changed.wait_for(mine, 1ms, [&] { return ++asked > 1; }));
    EXPECT_TRUE(till.held_here());
}

TEST_F(ConditionVariable, EndsAtAStop) {
    const region shop = open();
    mutex till{shop, "till"};
    condition_variable changed{shop, "changed"};
    std::stop_source stop;
    watched_thread waits{[&] {
        std::unique_lock mine{till};
        EXPECT_FALSE(changed.wait(mine, stop.get_token(), [] { return false; }));
        EXPECT_TRUE(till.held_here());
    }};
    EXPECT_TRUE(waits.falls_asleep());
    stop.request_stop();
}

TEST_F(ConditionVariable, LosesNoNotificationBetweenTakersAndGivers) {
    const testing::without_backstop alone;
    const region shop = open();
    mutex till{shop, "till"};
    condition_variable given{shop, "given"};
    constexpr int each = 2000;
    int there = 0;
    std::vector<std::jthread> users;
    for (int i = 0; i < 3; ++i) {
        users.emplace_back([&] {
            for (int taken = 0; taken < each; ++taken) {
                std::unique_lock mine{till};
                if (taken % 2 == 0) given.wait(mine, [&] { return there > 0; });
                while (taken % 2 == 1 && !given.wait_for(mine, 20us, [&] { return there > 0; })) {
                }
                --there;
            }
        });
        users.emplace_back([&] {
            for (int gives = 0; gives < each; ++gives) {
                const std::scoped_lock mine{till};
                ++there;
                given.notify_one();
            }
        });
    }
}

TEST_F(ConditionVariable, WorksWithALockThatIsShared) {
    const region shop = open();
    shared_mutex list{shop, "list"};
    condition_variable changed{shop, "changed"};
    std::unique_lock mine{list};
    EXPECT_FALSE(changed.wait_for(mine, 1ms, [] { return false; }));
}

// ---- between processes --------------------------------------------------------------------------

class BetweenProcesses : public ConditionVariable {
protected:
    static void wait_for_door(const region& shop, const region_peer::say& says) {
        mutex till{shop, "till", {.repair = [] {}}};
        condition_variable changed{shop, "changed"};
        std::unique_lock mine{till};
        says();
        changed.wait(mine, [] { return false; });
    }
};

TEST_F(BetweenProcesses, AWaiterThatDiedTakesNoNotificationWithIt) {
    region_peer dies{where_, &wait_for_door};
    const testing::without_backstop alone;
    const region shop = open();
    mutex till{shop, "till", {.repair = [] {}}};
    condition_variable changed{shop, "changed"};
    EXPECT_TRUE(dies.falls_asleep());
    bool sold = false;
    watched_thread waits{[&] {
        std::unique_lock mine{till};
        changed.wait(mine, [&] { return sold; });
    }};
    EXPECT_TRUE(waits.falls_asleep());
    dies.stop();
    {
        const std::scoped_lock mine{till};
        sold = true;
        changed.notify_one();  // which may go to the one that is about to die
    }
    dies.kill();
}

TEST_F(BetweenProcesses, ADeathEndsTheWaitOfWhoSleeps) {
    region_peer dies{where_, &wait_for_door};
    const testing::without_backstop alone;
    const region shop = open();
    mutex till{shop, "till", {.repair = [] {}}};
    condition_variable changed{shop, "changed"};
    EXPECT_TRUE(dies.falls_asleep());
    watched_thread waits{[&] {
        std::unique_lock mine{till};
        changed.wait(mine);
    }};
    EXPECT_TRUE(waits.falls_asleep());
    dies.kill();
}

TEST_F(BetweenProcesses, AWaiterIsToldThatWhoHasTheLockDied) {
    region_peer dies{where_, [](const region& shop, const region_peer::say& says) {
                         mutex till{shop, "till"};
                         says.until_told();
                         till.lock();
                         says();
                         testing::wait_to_be_killed();
                     }};
    const testing::without_backstop alone;
    const region shop = open();
    mutex till{shop, "till"};
    condition_variable changed{shop, "changed"};
    watched_thread waits{[&] {
        std::unique_lock mine{till};
        const std::string told = testing::complaint_of([&] { changed.wait(mine); });
        EXPECT_NE(told.find("owner died"), std::string::npos) << told;
        EXPECT_FALSE(till.held_here());
        mine.release();
    }};
    EXPECT_TRUE(waits.falls_asleep());
    dies.tell();
    EXPECT_TRUE(dies.has_said());
    dies.kill();
}

TEST_F(BetweenProcesses, AForkedChildIsRefused) {
    const region shop = open();
    condition_variable changed{shop, "changed"};
    const int code = testing::exit_code_of_forked([&] {
        const bool one = testing::complaint_of([&] { changed.notify_one(); }) != "no error";
        const bool all = testing::complaint_of([&] { changed.notify_all(); }) != "no error";
        return one && all ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace signet::sync
