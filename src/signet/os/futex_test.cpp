// SPDX-License-Identifier: Apache-2.0
#include <signet/os/futex.hpp>

#include <signet/base/error.hpp>
#include <signet/os/mapping.hpp>
#include <signet/os/memfd.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <array>
#include <future>
#include <thread>
#include <vector>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::scripted_kernel;

constexpr auto watchdog = 20s;
const std::uint32_t& nowhere = *reinterpret_cast<const std::uint32_t*>(0x1000);

deadline passed() {
    return clock::now() - 1s;
}

// Wakes until somebody was woken: the sleeper may not be asleep yet.
int wake_one(int (*wake)(const std::uint32_t&, int), const std::uint32_t& word) {
    const deadline give_up = after(watchdog);
    int woken = 0;
    while (woken == 0 && clock::now() < give_up) {
        woken = wake(word, 1);
        std::this_thread::yield();
    }
    return woken;
}

TEST(Futex, AWordThatIsNotAsExpectedIsNotSleptOn) {
    const std::uint32_t word = 1;
    EXPECT_EQ(futex_wait(word, 0, never), futex_result::changed);
}

TEST(Futex, AWaitEndsAtItsDeadline) {
    const std::uint32_t word = 0;
    EXPECT_EQ(futex_wait(word, 0, passed()), futex_result::timed_out);
    EXPECT_EQ(futex_wait(word, 0, after(1ms)), futex_result::timed_out);
}

TEST(Futex, AWaitEndsByAWake) {
    const std::uint32_t word = 0;
    auto sleeper = std::async(std::launch::async, [&] { return futex_wait(word, 0, never); });
    EXPECT_EQ(wake_one(futex_wake, word), 1);
    EXPECT_EQ(sleeper.get(), futex_result::woken);
}

TEST(Futex, AWaitOnAPrivateWordEndsByAPrivateWake) {
    const std::uint32_t word = 0;
    EXPECT_EQ(futex_wait_private(word, 1, never), futex_result::changed);
    auto sleeper =
        std::async(std::launch::async, [&] { return futex_wait_private(word, 0, never); });
    EXPECT_EQ(wake_one(futex_wake_private, word), 1);
    EXPECT_EQ(sleeper.get(), futex_result::woken);
}

TEST(Futex, AReaderSleepsOnMemoryItCannotWrite) {
    const descriptor memory = create_memfd("test", 4096);
    const mapping writer = mapping::read_write(memory, 4096);
    const mapping reader = mapping::read_only(memory, 4096);
    const auto word_of = [](const mapping& from) -> const std::uint32_t& {
        return *reinterpret_cast<const std::uint32_t*>(from.data());
    };
    auto sleeper = std::async(std::launch::async,
                              [&] { return futex_wait(word_of(reader), 0, after(watchdog)); });
    EXPECT_EQ(wake_one(futex_wake, word_of(writer)), 1);
    EXPECT_EQ(sleeper.get(), futex_result::woken);
}

TEST(Futex, ASignalEndsAWait) {
    const std::uint32_t word = 0;
    scripted_kernel script;
    script.interrupt(SYS_futex);
    EXPECT_EQ(futex_wait(word, 0, never), futex_result::interrupted);
}

TEST(Futex, AWaitOnWhatIsNotMappedIsAnError) {
    EXPECT_EQ(complaint_of([] { futex_wait(nowhere, 0, passed()); }),
              "cannot wait on a shared word: Bad address");
}

TEST(Futex, AWakeWithoutSleepersWakesNobody) {
    const std::uint32_t word = 0;
    EXPECT_EQ(futex_wake(word, 1), 0);
    EXPECT_EQ(futex_wake_private(word, 1), 0);
}

TEST(Futex, AWakeOfWhatIsNotMappedIsAnError) {
    EXPECT_EQ(complaint_of([] { futex_wake(nowhere, 1); }),
              "cannot wake a shared word: Bad address");
}

TEST(FutexWaitAny, OneWordThatIsNotAsExpectedIsEnough) {
    const std::array<std::uint32_t, 2> words{0, 1};
    const std::array waiters{futex_waiter{&words[0], 0}, futex_waiter{&words[1], 0}};
    EXPECT_EQ(futex_wait_any(waiters, never), futex_result::changed);
}

TEST(FutexWaitAny, AWaitEndsAtItsDeadline) {
    const std::uint32_t word = 0;
    const std::array waiters{futex_waiter{&word, 0}};
    EXPECT_EQ(futex_wait_any(waiters, passed()), futex_result::timed_out);
}

TEST(FutexWaitAny, EachWordWakes) {
    const std::array<std::uint32_t, 2> words{};
    const std::array waiters{futex_waiter{&words[0], 0}, futex_waiter{&words[1], 0}};
    for (const std::uint32_t& word : words) {
        auto sleeper =
            std::async(std::launch::async, [&] { return futex_wait_any(waiters, never); });
        EXPECT_EQ(wake_one(futex_wake, word), 1);
        EXPECT_EQ(sleeper.get(), futex_result::woken);
    }
}

TEST(FutexWaitAny, APrivateWordIsWokenPrivately) {
    const std::uint32_t word = 0;
    const std::array waiters{futex_waiter{&word, 0, true}};
    auto sleeper = std::async(std::launch::async, [&] { return futex_wait_any(waiters, never); });
    EXPECT_EQ(wake_one(futex_wake_private, word), 1);
    EXPECT_EQ(sleeper.get(), futex_result::woken);
}

TEST(FutexWaitAny, ASignalEndsAWait) {
    const std::uint32_t word = 0;
    const std::array waiters{futex_waiter{&word, 0}};
    scripted_kernel script;
    script.interrupt(SYS_futex_waitv);
    EXPECT_EQ(futex_wait_any(waiters, never), futex_result::interrupted);
}

TEST(FutexWaitAny, AsManyWordsAsTheKernelAllows) {
    const std::uint32_t word = 0;
    const std::vector<futex_waiter> waiters(futex_waiters_max, futex_waiter{&word, 0});
    EXPECT_EQ(futex_wait_any(waiters, passed()), futex_result::timed_out);
}

TEST(FutexWaitAny, NoWordOrTooManyBreakTheContract) {
    const std::uint32_t word = 0;
    const std::vector<futex_waiter> many(futex_waiters_max + 1, futex_waiter{&word, 0});
    EXPECT_THROW(futex_wait_any(many, passed()), contract_violation);
    EXPECT_THROW(futex_wait_any({}, passed()), contract_violation);
}

TEST(FutexWaitAny, AKernelWithoutItIsAnErrorThatNamesTheVersion) {
    const std::uint32_t word = 0;
    const std::array waiters{futex_waiter{&word, 0}};
    scripted_kernel script;
    script.fail(SYS_futex_waitv, ENOSYS);
    EXPECT_NE(complaint_of([&] { futex_wait_any(waiters, never); }).find("Linux 5.16"),
              std::string::npos);
}

}  // namespace
}  // namespace signet::os
