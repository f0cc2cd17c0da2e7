// SPDX-License-Identifier: Apache-2.0
// A region between pid namespaces, as between two containers that share its file: processes that
// cannot see each other, and have the same pids, prove each other's deaths.
#include <signet/sync.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;

/// Runs `body` as the first process of a pid namespace of its own, which ends with its parent.
int first_of_its_namespace(const std::function<int()>& body) {
    if (unshare(CLONE_NEWPID) != 0) return 99;
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(getpid() == 1 ? body() : 98);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 97;
}

class RegionNamespaces : public ::testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "making namespaces takes root here";
    }

    // Has the lock when `held` is set, and keeps it.
    int hold_until_killed() const {
        const region shop{"shop", where_};
        mutex till{shop, "till"};
        event held{shop, "held"};
        till.lock();
        held.set();
        testing::wait_to_be_killed();
    }

    // 0: it could not take the lock from a living holder, and inherited it from a dead one.
    int inherit() const {
        const region shop{"shop", where_};
        mutex till{shop, "till"};
        event{shop, "held"}.wait();
        if (till.try_lock_for(10ms)) return 1;
        event{shop, "tried"}.set();
        return till.lock_inherited() ? 0 : 2;
    }

    testing::temporary_directory place_;
    region_options where_{.directory = place_.path()};
};

TEST_F(RegionNamespaces, OneOutsideInheritsFromOneInside) {
    testing::forked_peer inside{
        [&] { return first_of_its_namespace([&] { return hold_until_killed(); }); }};
    testing::forked_peer outside{[&] { return inherit(); }};
    event{region{"shop", where_}, "tried"}.wait();
    inside.kill();
    EXPECT_EQ(outside.exit_code(), 0);
}

TEST_F(RegionNamespaces, OneInsideInheritsFromOneOutside) {
    testing::forked_peer outside{[&] { return hold_until_killed(); }};
    testing::forked_peer inside{[&] { return first_of_its_namespace([&] { return inherit(); }); }};
    event{region{"shop", where_}, "tried"}.wait();
    outside.kill();
    EXPECT_EQ(inside.exit_code(), 0);
}

TEST_F(RegionNamespaces, TwoWithTheSamePidAreNotConfused) {
    testing::forked_peer one{
        [&] { return first_of_its_namespace([&] { return hold_until_killed(); }); }};
    testing::forked_peer other{[&] { return first_of_its_namespace([&] { return inherit(); }); }};
    event{region{"shop", where_}, "tried"}.wait();
    one.kill();
    EXPECT_EQ(other.exit_code(), 0);
}

TEST_F(RegionNamespaces, APermitOfOneInsideComesBack) {
    testing::forked_peer inside{[&] {
        return first_of_its_namespace([&]() -> int {
            const region shop{"shop", where_};
            permit_pool desks{shop, "desks", 1};
            desks.acquire();
            event{shop, "held"}.set();
            testing::wait_to_be_killed();
        });
    }};
    const region shop{"shop", where_};
    permit_pool desks{shop, "desks", 1};
    event{shop, "held"}.wait();
    EXPECT_FALSE(desks.try_acquire_for(10ms));
    inside.kill();
    desks.acquire();
}

TEST_F(RegionNamespaces, ALentPriorityIsForOneNamespace) {
    const region shop{"shop", where_};
    const mutex till{shop, "urgent", {.priority = lock_priority::lent}};
    testing::forked_peer inside{[&] {
        return first_of_its_namespace([&] {
            try {
                const region there{"shop", where_};
                const mutex same{there, "urgent", {.priority = lock_priority::lent}};
                return 1;
            } catch (const std::exception& e) {
                return std::string{e.what()}.find("pid namespace") != std::string::npos ? 0 : 2;
            }
        });
    }};
    EXPECT_EQ(inside.exit_code(), 0);
}

}  // namespace
}  // namespace signet::tests
