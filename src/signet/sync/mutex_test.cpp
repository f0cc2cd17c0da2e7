// SPDX-License-Identifier: Apache-2.0
#include <signet/sync/mutex.hpp>

#include <signet/sync/event.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <mutex>
#include <thread>

namespace signet::sync {
namespace {

class Mutex : public ::testing::Test {
protected:
    testing::temporary_directory place_;
    region_options where_{.directory = place_.path()};
};

TEST_F(Mutex, IsHeldByTheThreadThatLockedIt) {
    const region shop{"shop", where_};
    mutex till{shop, "till"};
    const std::scoped_lock mine{till};
    EXPECT_TRUE(till.held_here());
}

TEST_F(Mutex, OfADeadHolderIsInheritedByWhoSleepsForIt) {
    testing::forked_peer holder{[&]() -> int {
        const region shop{"shop", where_};
        mutex till{shop, "till"};
        event held{shop, "held"};
        till.lock();
        held.set();
        testing::wait_to_be_killed();
    }};
    const region shop{"shop", where_};
    mutex till{shop, "till"};
    event{shop, "held"}.wait();
    std::thread killer{[&] { holder.kill(); }};
    EXPECT_TRUE(till.lock_inherited());
    till.mark_consistent();
    till.unlock();
    killer.join();
    EXPECT_FALSE(till.lock_inherited());
    till.unlock();
}

}  // namespace
}  // namespace signet::sync
