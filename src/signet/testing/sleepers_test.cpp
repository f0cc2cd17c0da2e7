// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/sleepers.hpp>

#include <signet/os/futex.hpp>

#include <gtest/gtest.h>

namespace signet::testing {
namespace {

using namespace std::chrono_literals;

TEST(Sleepers, AThreadThatWaitsForAWordIsAsleep) {
    std::uint32_t word = 0;
    watched_thread waits{[&] { os::futex_wait(word, 0, never); }};
    EXPECT_TRUE(waits.falls_asleep());
    EXPECT_TRUE(eventually([&] { return os::futex_wake(word, 1) == 1; }));
}

TEST(Sleepers, AThreadThatHasEndedIsNot) {
    watched_thread ends{[] {}};
    EXPECT_FALSE(ends.falls_asleep());
}

TEST(Sleepers, WithoutABackstopALongSleepEndsByAWakeUpOnly) {
    const without_backstop here;
    std::uint32_t word = 0;
    os::futex_result result{};
    const deadline end = after(150ms);
    watched_thread waits{[&] { result = os::futex_wait(word, 0, end); }};
    EXPECT_TRUE(eventually([&] { return clock::now() > end; }));
    EXPECT_TRUE(eventually([&] { return os::futex_wake(word, 1) == 1; }));
    waits.join();
    EXPECT_EQ(result, os::futex_result::woken);
}

TEST(Sleepers, WithoutABackstopAShortSleepEndsByItself) {
    const without_backstop here;
    const std::uint32_t word = 0;
    EXPECT_EQ(os::futex_wait(word, 0, after(1ms)), os::futex_result::timed_out);
}

}  // namespace
}  // namespace signet::testing
