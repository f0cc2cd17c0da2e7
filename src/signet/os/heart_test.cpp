// SPDX-License-Identifier: Apache-2.0
#include <signet/os/heart.hpp>

#include <signet/base/time.hpp>
#include <signet/os/futex.hpp>
#include <signet/os/mapping.hpp>
#include <signet/os/memfd.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <atomic>
#include <cstddef>
#include <new>
#include <thread>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::scripted_kernel;

class Heart : public ::testing::Test {
protected:
    // Sleeps for as long as it has not stopped.
    bool stops() {
        const deadline give_up = after(20s);
        while (clock::now() < give_up) {
            const std::uint32_t seen = std::atomic_ref{word_}.load();
            if ((seen & heart_stopped) != 0) return true;
            futex_wait(word_, seen, give_up);
        }
        return false;
    }

    mapping memory_ = mapping::read_write(create_memfd("test", 4096), 4096);
    std::uint32_t& word_ = *reinterpret_cast<std::uint32_t*>(memory_.data());
};

TEST_F(Heart, IsStoppedByTheEndOfItsThread) {
    alignas(heart) std::byte room[sizeof(heart)];
    std::thread beating{[&] {
        new (room) heart{word_};  // never destroyed: the thread just ends
        futex_wake(word_, 1);
    }};
    EXPECT_TRUE(stops());
    beating.join();
}

TEST_F(Heart, IsStoppedByAKill) {
    testing::forked_peer peer{[&]() -> int {
        const heart mine{word_};
        futex_wake(word_, 1);
        testing::wait_to_be_killed();
    }};
    while (std::atomic_ref{word_}.load() == 0) futex_wait(word_, 0, after(20s));
    peer.kill();
    EXPECT_NE(std::atomic_ref{word_}.load() & heart_stopped, 0u);
}

TEST_F(Heart, IsTakenOutInGoodOrder) {
    std::thread{[&] {
        const heart mine{word_};
        EXPECT_NE(word_, 0u);
    }}.join();
    EXPECT_EQ(word_, 0u);
}

TEST_F(Heart, IsAnErrorWhereTheKernelRefuses) {
    scripted_kernel script;
    script.fail(SYS_set_robust_list, EINVAL);
    EXPECT_EQ(complaint_of([&] { const heart mine{word_}; }),
              "cannot watch over a thread's end: Invalid argument");
}

}  // namespace
}  // namespace signet::os
