// SPDX-License-Identifier: Apache-2.0
// Idle endpoints cost nothing, and messages cost no more system calls than sleeping takes.
// SIGNET_IDLE_SECONDS makes the idle part longer.
#include "../actors/actor.hpp"
#include "../actors/self_checking.hpp"

#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <latch>

namespace signet::tests {
namespace {

using testing::eventually;
using testing::watchdog;

/// Switches of all threads of a process so far; each system call that waits, and each that is
/// preempted, would add one.
long switches_of(int pid) {
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    long sum = 0;
    for (const auto& task : std::filesystem::directory_iterator{tasks}) {
        const std::string id = std::to_string(pid) + "/task/" + task.path().filename().string();
        sum += kilobytes_of(id, "voluntary_ctxt_switches");
        sum += kilobytes_of(id, "nonvoluntary_ctxt_switches");
    }
    return sum;
}

/// Which call each thread is in, with its arguments and stack: it changes with every new call.
std::string calls_of(int pid) {
    std::string all;
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    for (const auto& task : std::filesystem::directory_iterator{tasks}) {
        std::ifstream file{task.path() / "syscall"};
        std::string line;
        std::getline(file, line);
        all += line + '\n';
    }
    return all;
}

int idle_seconds() {
    const char* const wanted = std::getenv("SIGNET_IDLE_SECONDS");
    return wanted != nullptr ? std::atoi(wanted) : 2;
}

TEST(Idle, AHundredEndpointsThatHaveNothingToDoMakeNoSystemCall) {
    const own_rendezvous place;
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    auto idler = start_actor({"idle", "100"}, {.standard_output = ends[1]});
    ASSERT_TRUE(os::wait_readable(ends[0], after(watchdog)));
    long before = -1;
    ASSERT_TRUE(eventually([&] {  // until the last thread has gone to sleep
        return std::exchange(before, switches_of(idler.pid())) == before &&
               calls_of(idler.pid()).find("running") == std::string::npos;
    }));
    before = switches_of(idler.pid());
    const std::string calls = calls_of(idler.pid());
    std::this_thread::sleep_for(std::chrono::seconds{idle_seconds()});  // what is tested
    EXPECT_EQ(switches_of(idler.pid()), before);
    EXPECT_EQ(calls_of(idler.pid()), calls);
    close(ends[0]);
    close(ends[1]);
}

/// Counts the calls that threads make which asked for it.
class counted_calls {
public:
    counted_calls() {
        waits = 0;
        wakes = 0;
        others = 0;
        real_ = os::exchange_kernel_entry(&enter);
    }
    ~counted_calls() { os::exchange_kernel_entry(real_); }

    static inline std::atomic<int> waits, wakes, others;
    static inline thread_local bool mine = false;

private:
    static long enter(long number, const os::kernel_arguments& arguments) {
        if (mine) count(number, static_cast<int>(arguments[1]));
        return real_(number, arguments);
    }

    static void count(long number, int operation) {
        constexpr int wake = 1;
        constexpr int command = 0x7f;
        if (number == SYS_futex_waitv) {
            ++waits;
        } else if (number == SYS_futex) {
            ++((operation & command) == wake ? wakes : waits);
        } else {
            ++others;
        }
    }

    static inline os::kernel_entry real_ = nullptr;
};

constexpr int messages = 2000;

struct pair_of_ends {
    own_rendezvous place;
    context here{};
    context there{};
    publisher<small_message> out;
    subscriber<small_message> in;

    explicit pair_of_ends(wait_mode mode)
        : out{here, "t", {.waiting = mode}},
          in{there, "t", {.policy = delivery::block, .waiting = mode}} {
        out.wait_for_subscribers_for(1, watchdog);
        while (in.publishers() == 0) in.try_receive();
        std::this_thread::yield();
    }
};

TEST(Calls, AMessageToASleeperCostsAtMostOneWaitAndOneWake) {
    pair_of_ends ends{wait_mode::sleep};
    const counted_calls calls;
    std::atomic<int> received{0};
    std::jthread reader{[&] {
        counted_calls::mine = true;
        for (int i = 0; i < messages; ++i) {
            if (!ends.in.receive_for(watchdog)) return;
            ++received;
        }
    }};
    counted_calls::mine = true;
    for (int i = 0; i < messages; ++i) {
        ends.out.publish({});
        ASSERT_TRUE(eventually([&] { return received > i; }));
    }
    reader.join();
    counted_calls::mine = false;
    EXPECT_LE(counted_calls::waits, messages + 2);
    EXPECT_LE(counted_calls::wakes, messages);
    EXPECT_LE(counted_calls::others, 3);  // a barrier for each generation of the bell
}

TEST(Calls, MessagesBetweenTwoThatAreAwakeCostNone) {
    pair_of_ends ends{wait_mode::poll};
    const counted_calls calls;
    std::jthread reader{[&] {
        counted_calls::mine = true;
        for (int i = 0; i < messages; ++i) ends.in.receive();
    }};
    counted_calls::mine = true;
    for (int i = 0; i < messages; ++i) ends.out.publish({});
    reader.join();
    counted_calls::mine = false;
    EXPECT_EQ(counted_calls::waits + counted_calls::wakes + counted_calls::others, 0);
}

}  // namespace
}  // namespace signet::tests
