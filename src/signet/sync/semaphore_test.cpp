// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/semaphore.hpp>

#include <signet/testing/in_region.hpp>

#include <atomic>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <vector>

namespace signet::sync {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::in_region;
using testing::mistake_of;
using testing::region_peer;
using testing::watched_thread;

/// What both kinds promise.
template <class Kind>
class Permits : public in_region {};

using Kinds = ::testing::Types<semaphore, permit_pool>;
TYPED_TEST_SUITE(Permits, Kinds);

TYPED_TEST(Permits, AreTakenAndGivenBack) {
    const region shop = this->open();
    TypeParam tables{shop, "tables", 2};
    tables.acquire();
    EXPECT_TRUE(tables.try_acquire());
    EXPECT_FALSE(tables.try_acquire());
    EXPECT_EQ(tables.permits(), 0U);
    tables.release();
    EXPECT_EQ(tables.permits(), 1U);
    EXPECT_TRUE(tables.try_acquire_for(1h));
}

TYPED_TEST(Permits, AreNotHadAfterADeadlineOrAStop) {
    const region shop = this->open();
    TypeParam tables{shop, "tables", 1};
    tables.acquire();
    EXPECT_FALSE(tables.try_acquire_for(2ms));
    EXPECT_FALSE(tables.try_acquire_until(clock::now() - 1s));
    std::stop_source stop;
    watched_thread waits{[&] { EXPECT_FALSE(tables.acquire(stop.get_token())); }};
    EXPECT_TRUE(waits.falls_asleep());
    stop.request_stop();
}

TYPED_TEST(Permits, ComeToOneWhoSleepsForEachThatIsReleased) {
    const testing::without_backstop alone;
    const region shop = this->open();
    TypeParam tables{shop, "tables", 2};
    tables.acquire();
    tables.acquire();
    watched_thread one{[&] { tables.acquire(); }};
    watched_thread other{[&] { tables.acquire(); }};
    EXPECT_TRUE(one.falls_asleep() && other.falls_asleep());
    tables.release();
    tables.release();
}

TYPED_TEST(Permits, AreNeverMoreThanThereAreAndLoseNoWakeUp) {
    const testing::without_backstop alone;
    const region shop = this->open();
    TypeParam tables{shop, "tables", 2};
    std::atomic<int> guests{0};
    std::vector<std::jthread> users;
    for (int i = 0; i < 6; ++i) {
        users.emplace_back([&, i] {
            for (int round = 0; round < 1500; ++round) {
                if (i % 2 == 0 && !tables.try_acquire_for(10us)) continue;
                if (i % 2 == 1) tables.acquire();
                EXPECT_LE(++guests, 2);
                if (round % 8 == 0) std::this_thread::yield();
                --guests;
                tables.release();
            }
        });
    }
}

TYPED_TEST(Permits, AreNotWaitedForInVainWhereASleeperDies) {
    region_peer dies{this->where_, [](const region& shop, const region_peer::say& says) {
                         TypeParam tables{shop, "tables", 1};
                         says.until_told();
                         says();
                         tables.acquire();
                     }};
    const testing::without_backstop alone;
    const region shop = this->open();
    TypeParam tables{shop, "tables", 1};
    tables.acquire();
    dies.tell();
    EXPECT_TRUE(dies.falls_asleep());
    watched_thread waits{[&] { tables.acquire(); }};
    EXPECT_TRUE(waits.falls_asleep());
    dies.stop();
    tables.release();  // which wakes the one that is about to die
    dies.kill();
}

TYPED_TEST(Permits, AreRefusedToAForkedChild) {
    const region shop = this->open();
    TypeParam tables{shop, "tables", 2};
    tables.acquire();
    const int code = testing::exit_code_of_forked([&] {
        const bool takes = complaint_of([&] { tables.acquire(); }) != "no error";
        const bool gives = complaint_of([&] { tables.release(); }) != "no error";
        const bool looks = complaint_of([&] { tables.permits(); }) != "no error";
        return takes && gives && looks ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(tables.permits(), 1U);
}

// ---- permits that are counted -------------------------------------------------------------------

class Semaphore : public in_region {};

TEST_F(Semaphore, GivesWhatSomebodyElseTakes) {
    region_peer consumes{where_, [](const region& shop, const region_peer::say& says) {
                             semaphore items{shop, "items", 0};
                             items.acquire();
                             says();
                         }};
    const region shop = open();
    semaphore items{shop, "items", 0};
    items.release();
    EXPECT_TRUE(consumes.has_said());
}

TEST_F(Semaphore, WakesAsManyAsItGives) {
    const testing::without_backstop alone;
    const region shop = open();
    semaphore items{shop, "items", 0};
    std::vector<std::unique_ptr<watched_thread>> consumers;
    for (int i = 0; i < 3; ++i) {
        consumers.push_back(std::make_unique<watched_thread>([&] { items.acquire(); }));
        EXPECT_TRUE(consumers.back()->falls_asleep());
    }
    items.release(0);  // wakes nobody, and is nobody's last wake-up
    items.release(3);
}

TEST_F(Semaphore, HasAtMostSoMany) {
    const region shop = open();
    semaphore items{shop, "items", semaphore::permits_max};
    EXPECT_EQ(complaint_of([&] { items.release(); }),
              "cannot release semaphore 'items': limit reached; it would have more than 1073741823 "
              "permits");
    EXPECT_EQ(items.permits(), semaphore::permits_max);
    EXPECT_THROW(semaphore(shop, "many", semaphore::permits_max + 1), error);
}

TEST_F(Semaphore, KeepsItsPermitsAsTheFirstOneSaid) {
    const region shop = open();
    semaphore items{shop, "items", 3};
    EXPECT_EQ(semaphore(shop, "items", 5).permits(), 3U);
}

// ---- permits that have an owner -----------------------------------------------------------------

class PermitPool : public in_region {
protected:
    static void take_both(const region& shop, const region_peer::say& says) {
        permit_pool tables{shop, "tables", 2};
        tables.acquire();
        tables.acquire();
        says();
    }
};

TEST_F(PermitPool, HasWhatTheDeadHadForWhoSleepsForIt) {
    region_peer dies{where_, &take_both};
    const testing::without_backstop alone;
    const region shop = open();
    permit_pool tables{shop, "tables", 2};
    EXPECT_TRUE(dies.has_said());
    watched_thread one{[&] { tables.acquire(); }};
    watched_thread other{[&] { tables.acquire(); }};
    EXPECT_TRUE(one.falls_asleep() && other.falls_asleep());
    dies.kill();
}

TEST_F(PermitPool, HasWhatTheDeadHadForWhoComesLater) {
    region_peer dies{where_, &take_both};
    EXPECT_TRUE(dies.has_said());
    dies.kill();
    const region shop = open();
    EXPECT_EQ(permit_pool(shop, "tables", 2).permits(), 2U);
}

TEST_F(PermitPool, LeavesAStoppedOneItsOwn) {
    region_peer stands{where_, &take_both};
    const region shop = open();
    permit_pool tables{shop, "tables", 2};
    EXPECT_TRUE(stands.has_said());
    stands.stop();
    EXPECT_FALSE(tables.try_acquire_for(500ms));
}

TEST_F(PermitPool, TakesBackOnlyWhatWasTaken) {
    const region shop = open();
    permit_pool tables{shop, "tables", 2};
    const std::string told = "release permit pool 'tables': this process has no permit";
    EXPECT_EQ(mistake_of([&] { tables.release(); }), told);
    const region other = open();
    permit_pool theirs{other, "tables", 2};
    theirs.acquire();
    EXPECT_EQ(mistake_of([&] { tables.release(); }), told);
}

TEST_F(PermitPool, HasTheSameNumberForAll) {
    const region shop = open();
    const permit_pool tables{shop, "tables", 2};
    EXPECT_EQ(complaint_of([&] { permit_pool(shop, "tables", 3); }),
              "cannot use a permit_pool of region 'shop' 'tables': incompatible type; it was made "
              "with other options, or for another type; choose the same, or another name");
    EXPECT_EQ(complaint_of([&] { permit_pool(shop, "none", 0); }),
              "cannot make a semaphore: option out of range; it has 1 to 4096 permits");
}

}  // namespace
}  // namespace signet::sync
