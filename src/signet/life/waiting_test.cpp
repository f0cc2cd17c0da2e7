// SPDX-License-Identifier: Apache-2.0
#include <signet/life/waiting.hpp>

#include <signet/os/cpu.hpp>
#include <signet/testing/eventually.hpp>

#include <gtest/gtest.h>
#include <sched.h>

#include <array>
#include <thread>

namespace signet::life {
namespace {

using namespace std::chrono_literals;
using testing::watchdog;

int looks_of(spinner& spins) {
    int looks = 0;
    spins.spin([&] { return ++looks < 0; }, never);
    return looks;
}

TEST(Notice, APostEndsTheWaitThatReadTheWordBefore) {
    notice one;
    const std::array words{one.watch()};
    one.post();
    EXPECT_EQ(os::futex_wait_any(words, after(watchdog)), os::futex_result::changed);
}

TEST(Notice, APostFromAnotherThreadEndsTheWait) {
    notice one;
    const std::array words{one.watch()};
    std::jthread poster{[&] { one.post(); }};
    EXPECT_NE(os::futex_wait_any(words, after(watchdog)), os::futex_result::timed_out);
}

TEST(Spinner, OneThatSleepsAtOnceDoesNotLook) {
    spinner spins{wait_mode::sleep};
    EXPECT_EQ(looks_of(spins), 0);
}

TEST(Spinner, OneThatPollsSpinsUntilItsDeadline) {
    spinner spins{wait_mode::poll};
    const deadline until = after(2ms);
    EXPECT_FALSE(spins.spin([] { return false; }, until));
    EXPECT_GE(clock::now(), until);
}

TEST(Spinner, OneThatPollsStopsWhenItFinds) {
    spinner spins{wait_mode::poll};
    int looks = 0;
    EXPECT_TRUE(spins.spin([&] { return ++looks == 1000; }, never));
    EXPECT_EQ(looks, 1000);
}

TEST(Spinner, AnAdaptiveOneGivesUpByItself) {
    spinner spins{wait_mode::adaptive};
    EXPECT_FALSE(spins.spin([] { return false; }, never));
}

TEST(Spinner, OnlyAnEagerOneAsksTheKernelBeforeItSleeps) {
    EXPECT_FALSE(spinner{wait_mode::adaptive}.asks_kernel());
    EXPECT_FALSE(spinner{wait_mode::sleep}.asks_kernel());
    EXPECT_EQ(spinner{wait_mode::eager}.asks_kernel(), os::cpu_count() > 1);
}

TEST(Spinner, AnEagerOneOnOneCoreSpinsForWhoRunsOnAnother) {
    std::thread{[] {
        os::pin_this_thread(static_cast<unsigned>(sched_getcpu()));
        spinner spins{wait_mode::eager};
        EXPECT_FALSE(spins.asks_kernel());
        spins.share(1);
        EXPECT_FALSE(spins.asks_kernel());
        spins.share(2);
        EXPECT_TRUE(spins.asks_kernel());
    }}.join();
}

TEST(Spinner, OneThatAsksTheKernelStopsWhenItFinds) {
    spinner spins{wait_mode::poll};
    int looks = 0;
    EXPECT_TRUE(spins.spin_by_calls([&] { return ++looks == 3; }, never));
    EXPECT_EQ(looks, 3);
}

TEST(Spinner, AnEagerOneThatAsksTheKernelGivesUpByItself) {
    spinner spins{wait_mode::eager};
    spins.share(2);
    EXPECT_FALSE(spins.spin_by_calls([] { return false; }, never));
}

TEST(Spinner, LongSleepsTeachItToSpinLessAndShortOnesMore) {
    if (os::cpu_count() == 1) GTEST_SKIP() << "on one core it never spins";
    spinner spins{wait_mode::adaptive};
    for (int i = 0; i < 20; ++i) spins.learn_from([] { std::this_thread::sleep_for(1ms); });
    const int after_long = looks_of(spins);
    for (int i = 0; i < 20; ++i) spins.learn_from([] {});
    EXPECT_GT(looks_of(spins), after_long);
}

}  // namespace
}  // namespace signet::life
