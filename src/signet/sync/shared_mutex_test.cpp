// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/shared_mutex.hpp>

#include <signet/testing/in_region.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <sys/syscall.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>
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

class SharedMutex : public in_region {
protected:
    static void read(const region& shop, const region_peer::say& says) {
        shared_mutex list{shop, "list"};
        list.lock_shared();
        says();
        testing::wait_to_be_killed();
    }
    static void write(const region& shop, const region_peer::say& says) {
        shared_mutex list{shop, "list"};
        list.lock();
        says();
        testing::wait_to_be_killed();
    }
    /// Comes to the lock when it is told to, and sleeps there.
    static void come_to_write(const region& shop, const region_peer::say& says) {
        shared_mutex list{shop, "list"};
        says.until_told();
        says();
        list.lock_inherited();
    }
};

TEST_F(SharedMutex, IsSharedByReadersAndHadAloneByAWriter) {
    const region shop = open();
    shared_mutex list{shop, "list"};
    const std::shared_lock mine{list};
    std::thread{[&] {
        EXPECT_TRUE(list.try_lock_shared());
        EXPECT_FALSE(list.try_lock());
        EXPECT_FALSE(list.try_lock_for(2ms));
        list.unlock_shared();
    }}.join();
}

TEST_F(SharedMutex, KeepsReadersOutWhileAWriterHasIt) {
    const region shop = open();
    shared_mutex list{shop, "list"};
    const std::scoped_lock mine{list};
    std::thread{[&] {
        EXPECT_FALSE(list.try_lock_shared());
        EXPECT_FALSE(list.try_lock_shared_for(2ms));
        EXPECT_FALSE(list.try_lock());
    }}.join();
}

TEST_F(SharedMutex, IsSharedAmongProcesses) {
    region_peer reads{where_, &read};
    const region shop = open();
    shared_mutex list{shop, "list"};
    EXPECT_TRUE(reads.has_said());
    EXPECT_TRUE(list.try_lock_shared());
    list.unlock_shared();
    EXPECT_FALSE(list.try_lock_for(1ms));
}

TEST_F(SharedMutex, ShowsReadersWholeChangesAndLosesNoWakeUp) {
    const testing::without_backstop alone;
    const region shop = open();
    shared_mutex list{shop, "list"};
    int one = 0;
    int other = 0;
    std::vector<std::jthread> users;
    for (int i = 0; i < 5; ++i) {
        users.emplace_back([&, i] {
            for (int round = 0; round < 1500; ++round) {
                if (i < 2) {
                    const std::scoped_lock mine{list};
                    ++one, ++other;
                } else if (i == 2 || list.try_lock_shared_for(20us)) {
                    if (i == 2) list.lock_shared();
                    EXPECT_EQ(one, other);
                    list.unlock_shared();
                }
            }
        });
    }
}

TEST_F(SharedMutex, LosesNoWakeUpOfWritersWhoGiveUp) {
    const testing::without_backstop alone;
    const region shop = open();
    shared_mutex list{shop, "list"};
    std::vector<std::jthread> users;
    for (int i = 0; i < 4; ++i) {
        users.emplace_back([&, i] {
            for (int round = 0; round < 1500; ++round) {
                if (i == 0) {
                    const std::scoped_lock mine{list};
                } else if (i == 1) {
                    if (list.try_lock_for(10us)) list.unlock();
                } else {
                    const std::shared_lock mine{list};
                    if (round % 8 == 0) std::this_thread::yield();
                }
            }
        });
    }
}

TEST_F(SharedMutex, KeepsNewReadersOutWhileAWriterWaits) {
    const testing::without_backstop alone;
    const region shop = open();
    shared_mutex list{shop, "list"};
    list.lock_shared();
    watched_thread writes{[&] {
        list.lock();
        list.unlock();
    }};
    EXPECT_TRUE(writes.falls_asleep());
    EXPECT_FALSE(list.try_lock_shared());
    EXPECT_FALSE(list.try_lock_shared_for(2ms));
    list.unlock_shared();
}

// ---- deaths -------------------------------------------------------------------------------------

TEST_F(SharedMutex, IsNotHeldByReadersThatDied) {
    region_peer reads{where_, &read};
    const testing::without_backstop alone;
    const region shop = open();
    shared_mutex list{shop, "list"};
    EXPECT_TRUE(reads.has_said());
    watched_thread writes{[&] {
        EXPECT_FALSE(list.lock_inherited());
        list.unlock();
    }};
    EXPECT_TRUE(writes.falls_asleep());
    reads.kill();
}

TEST_F(SharedMutex, OfADeadReaderIsFreeForWhoComesLater) {
    region_peer reads{where_, &read};
    EXPECT_TRUE(reads.has_said());
    reads.kill();
    const region shop = open();
    shared_mutex list{shop, "list"};
    EXPECT_TRUE(list.try_lock());
    list.unlock();
}

TEST_F(SharedMutex, TellsAReaderThatItsWriterDied) {
    region_peer writes{where_, &write};
    const testing::without_backstop alone;
    const region shop = open();
    shared_mutex list{shop, "list"};
    EXPECT_TRUE(writes.has_said());
    watched_thread reads{[&] {
        const std::string told = complaint_of([&] { list.lock_shared(); });
        EXPECT_NE(told.find("lock mutex 'list': owner died"), std::string::npos) << told;
    }};
    EXPECT_TRUE(reads.falls_asleep());
    writes.kill();
    reads.join();
    EXPECT_NE(complaint_of([&] { static_cast<void>(list.try_lock_shared()); }), "no error");
}

TEST_F(SharedMutex, IsRepairedByAReaderThatHasAHook) {
    region_peer writes{where_, &write};
    const region shop = open();
    int repairs = 0;
    shared_mutex list{shop, "list", {.repair = [&] { ++repairs; }}};
    EXPECT_TRUE(writes.has_said());
    writes.kill();
    list.lock_shared();
    list.unlock_shared();
    list.lock();
    list.unlock();
    EXPECT_EQ(repairs, 1);
}

TEST_F(SharedMutex, TellsAWriterThatTheOneBeforeDied) {
    region_peer writes{where_, &write};
    EXPECT_TRUE(writes.has_said());
    writes.kill();
    const region shop = open();
    shared_mutex list{shop, "list"};
    EXPECT_THROW(list.lock(), error);
    EXPECT_TRUE(list.lock_inherited());
    list.mark_consistent();
    list.unlock();
    EXPECT_FALSE(list.lock_inherited());
    list.unlock();
}

TEST_F(SharedMutex, OfAWriterThatDiedInWaitIsNotWaitedForBeyondADeadline) {
    region_peer reads{where_, &read};
    region_peer waits{where_, &come_to_write};
    const region shop = open();
    shared_mutex list{shop, "list", {.repair = [] {}}};
    EXPECT_TRUE(reads.has_said());
    waits.tell();
    EXPECT_TRUE(waits.falls_asleep());
    waits.kill();  // as the next writer: it leaves its word inherited, while the other one reads
    EXPECT_FALSE(list.try_lock_shared());
    EXPECT_FALSE(list.try_lock_shared_for(2ms));
    EXPECT_FALSE(list.try_lock_for(2ms));
    reads.kill();
    list.lock_shared();
    list.unlock_shared();
}

TEST_F(SharedMutex, OfAStoppedReaderStaysShared) {
    region_peer reads{where_, &read};
    const region shop = open();
    shared_mutex list{shop, "list"};
    EXPECT_TRUE(reads.has_said());
    reads.stop();
    EXPECT_FALSE(list.try_lock_for(500ms));
    EXPECT_TRUE(list.try_lock_shared());
    list.unlock_shared();
}

TEST_F(SharedMutex, IsNotLeftLockedWhereALookAtItsReadersFails) {
    region_peer reads{where_, &read};
    const region shop = open();
    shared_mutex list{shop, "list"};
    EXPECT_TRUE(reads.has_said());
    {
        testing::scripted_kernel script;
        for (int nth = 1; nth <= 3; ++nth) script.fail(SYS_fcntl, EIO, nth);
        EXPECT_THROW(list.lock(), error);
        EXPECT_THROW(static_cast<void>(list.try_lock()), error);
        EXPECT_THROW(static_cast<void>(list.lock_inherited()), error);
    }
    reads.kill();
    EXPECT_TRUE(testing::eventually([&] { return list.try_lock(); }));
    list.unlock();
}

// ---- fork and mistakes --------------------------------------------------------------------------

TEST_F(SharedMutex, RefusesAForkedChild) {
    const region shop = open();
    shared_mutex list{shop, "list"};
    list.lock_shared();
    const int code = testing::exit_code_of_forked([&] {
        list.unlock_shared();  // does nothing
        const bool reads = complaint_of([&] { list.lock_shared(); }) != "no error";
        const bool writes = complaint_of([&] { list.lock(); }) != "no error";
        return reads && writes ? 0 : 1;
    });
    EXPECT_EQ(code, 0);
    EXPECT_FALSE(list.try_lock());
    list.unlock_shared();
}

TEST_F(SharedMutex, IsNotGivenUpByWhoDoesNotHaveIt) {
    const region shop = open();
    shared_mutex list{shop, "list"};
    EXPECT_EQ(mistake_of([&] { list.unlock_shared(); }),
              "unlock shared_mutex 'list': this process does not share it");
    EXPECT_EQ(mistake_of([&] { list.unlock(); }),
              "unlock mutex 'list': this thread does not have it");
}

}  // namespace
}  // namespace signet::sync
