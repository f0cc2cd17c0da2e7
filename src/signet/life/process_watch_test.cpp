// SPDX-License-Identifier: Apache-2.0
#include <signet/life/process_watch.hpp>

#include <signet/os/event.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace signet::life {
namespace {

using namespace std::chrono_literals;
using testing::forked_peer;

TEST(ProcessWatch, TellsAKill) {
    forked_peer victim{[] {
        testing::wait_to_be_killed();
        return 0;
    }};
    const auto process = os::process::open(victim.pid());
    os::event told;
    const process_watch watch{*process, [&] { told.signal(); }};
    EXPECT_FALSE(told.drain());
    victim.kill();
    EXPECT_EQ(told.take(after(60s)), 1u);
}

TEST(ProcessWatch, TellsOfOneThatHasEndedBefore) {
    forked_peer victim{[] {
        testing::wait_to_be_killed();
        return 0;
    }};
    const auto process = os::process::open(victim.pid());
    victim.kill();
    os::event told;
    const process_watch watch{*process, [&] { told.signal(); }};
    EXPECT_EQ(told.take(after(60s)), 1u);
}

TEST(ProcessWatch, LeavesNothingWhenTheLastGoes) {
    forked_peer other{[] {
        testing::wait_to_be_killed();
        return 0;
    }};
    const auto process = os::process::open(other.pid());
    const int before = testing::open_descriptors();
    {
        const process_watch one{*process, [] {}};
        const auto again = os::process::open(other.pid());
        const process_watch two{*again, [] {}};
    }
    EXPECT_EQ(testing::open_descriptors(), before);
}

TEST(ProcessWatch, IsLeftAloneByAForkedChild) {
    const auto process = os::process::open(os::current_pid());
    std::optional<process_watch> watch{std::in_place, *process, [] {}};
    forked_peer child{[&] {
        watch.reset();
        const auto parent = os::process::open(os::current_pid());
        const process_watch of_its_own{*parent, [] {}};
        return 7;
    }};
    EXPECT_EQ(child.exit_code(), 7);
}

}  // namespace
}  // namespace signet::life
