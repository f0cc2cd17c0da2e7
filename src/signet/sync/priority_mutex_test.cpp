// SPDX-License-Identifier: Apache-2.0
// Mutexes that lend priority: what every mutex does, through the kernel's own words.
#include <signet/base/error.hpp>
#include <signet/sync/event.hpp>
#include <signet/sync/mutex.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

namespace signet::sync {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::eventually;

class PriorityMutex : public ::testing::Test {
protected:
    static mutex_options lent() { return {.priority = lock_priority::lent}; }

    // A process that has the mutex when it says `held`.
    int hold_until_killed() {
        const region shop{"shop", where_};
        mutex till{shop, "till", lent()};
        event held{shop, "held"};
        till.lock();
        held.set();
        testing::wait_to_be_killed();
    }

    testing::temporary_directory place_;
    region_options where_{.directory = place_.path()};
};

TEST_F(PriorityMutex, KeepsThreadsApart) {
    const region shop{"shop", where_};
    mutex till{shop, "till", lent()};
    int count = 0;
    const auto work = [&] {
        for (int i = 0; i < 10'000; ++i) {
            const std::scoped_lock mine{till};
            ++count;
        }
    };
    std::thread other{work};
    work();
    other.join();
    EXPECT_EQ(count, 20'000);
}

TEST_F(PriorityMutex, OfADeadHolderIsInheritedByWhoSleepsForIt) {
    testing::forked_peer holder{[&] { return hold_until_killed(); }};
    const region shop{"shop", where_};
    event{shop, "held"}.wait();
    mutex till{shop, "till", lent()};
    EXPECT_FALSE(till.try_lock_for(1ms));
    std::thread killer{[&] { holder.kill(); }};
    EXPECT_TRUE(till.lock_inherited());
    till.mark_consistent();
    till.unlock();
    EXPECT_FALSE(till.lock_inherited());
    till.unlock();
    killer.join();
}

TEST_F(PriorityMutex, OfADeadHolderIsInheritedByWhoComesLater) {
    testing::forked_peer holder{[&] { return hold_until_killed(); }};
    const region shop{"shop", where_};
    event{shop, "held"}.wait();
    holder.kill();
    mutex till{shop, "till", lent()};
    EXPECT_THROW(till.lock(), error);
    EXPECT_THROW(till.lock(), error) << "as long as nobody has put things right";
    EXPECT_TRUE(till.lock_inherited());
    till.unlock();
}

TEST_F(PriorityMutex, AStopEndsTheWait) {
    testing::forked_peer holder{[&] { return hold_until_killed(); }};
    const region shop{"shop", where_};
    event{shop, "held"}.wait();
    mutex till{shop, "till", lent()};
    std::stop_source stop;
    std::jthread stopper{[&] { stop.request_stop(); }};
    EXPECT_FALSE(till.lock(stop.get_token()));
}

TEST_F(PriorityMutex, IsNotTheSameAsOneThatDoesNotLend) {
    const region shop{"shop", where_};
    const mutex till{shop, "till", lent()};
    const std::string complaint = complaint_of([&] { mutex{shop, "till"}; });
    EXPECT_NE(complaint.find("other options"), std::string::npos) << complaint;
}

// The kernel's own number for a thread's urgency: below 0 for real-time priorities.
int urgency_of(int thread) {
    std::ifstream file{"/proc/self/task/" + std::to_string(thread) + "/stat"};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    std::istringstream fields{text.substr(text.rfind(')') + 2)};
    std::string word;
    for (int i = 0; i < 16; ++i) fields >> word;
    return std::stoi(word);
}

TEST_F(PriorityMutex, ItsHolderIsAsUrgentAsWhoWaits) {
    const region shop{"shop", where_};
    mutex till{shop, "till", lent()};
    till.lock();
    const int self = ::gettid();
    ASSERT_GE(urgency_of(self), 0);
    std::thread urgent{[&] {
        const sched_param most{.sched_priority = 10};
        EXPECT_EQ(::sched_setscheduler(0, SCHED_FIFO, &most), 0) << "may not be urgent here";
        const std::scoped_lock mine{till};
    }};
    EXPECT_TRUE(eventually([&] { return urgency_of(self) == -11; }));
    till.unlock();
    urgent.join();
    EXPECT_GE(urgency_of(self), 0);
}

}  // namespace
}  // namespace signet::sync
