// SPDX-License-Identifier: Apache-2.0
#include <signet/os/sysv_lookout.hpp>

#include <signet/os/sysv_queue.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace signet::os {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::exit_code_of_forked;
using testing::scripted_kernel;

constexpr std::array one_byte{std::byte{1}};

TEST(SysvLookout, ItSeesAMessageAndLeavesItThere) {
    sysv_queue queue = sysv_queue::create_private();
    queue.try_send(3, one_byte);
    const sysv_sighting seen = look_out(queue.id(), 0, 0, never);
    EXPECT_TRUE(seen.came);
    EXPECT_EQ(seen.taken, 0);
    EXPECT_EQ(queue.facts()->messages, 1u);
}

TEST(SysvLookout, ItSeesAMessageThatComesLater) {
    sysv_queue queue = sysv_queue::create_private();
    std::thread sender{[id = queue.id()] { sysv_queue::open_id(id).try_send(3, one_byte); }};
    EXPECT_TRUE(look_out(queue.id(), 3, 0, never).came);
    sender.join();
    EXPECT_EQ(queue.facts()->messages, 1u);
}

TEST(SysvLookout, AnEmptyMessageIsTakenAndTold) {
    sysv_queue queue = sysv_queue::create_private();
    queue.try_send(3, {});
    EXPECT_EQ(look_out(queue.id(), 0, 0, never).taken, 3);
    EXPECT_EQ(queue.facts()->messages, 0u);
}

TEST(SysvLookout, ItGivesUpAtTheDeadlineAndLeavesNoProcess) {
    const sysv_queue queue = sysv_queue::create_private();
    EXPECT_FALSE(look_out(queue.id(), 0, 0, after(5ms)).came);
    EXPECT_EQ(waitpid(-1, nullptr, __WALL), -1);
}

TEST(SysvLookout, TheHostsWaitsDoNotSeeItsProcess) {
    const sysv_queue queue = sysv_queue::create_private();
    std::thread waits{[] { EXPECT_EQ(waitpid(-1, nullptr, 0), -1); }};
    EXPECT_FALSE(look_out(queue.id(), 0, 0, after(5ms)).came);
    waits.join();
}

TEST(SysvLookout, ARemovalEndsIt) {
    sysv_queue queue = sysv_queue::create_private();
    std::thread remover{[id = queue.id()] { sysv_queue::open_id(id).remove(); }};
    EXPECT_TRUE(look_out(queue.id(), 0, 0, never).came);
    remover.join();
}

TEST(SysvLookout, EachCallThatFailsIsAnErrorOrBelongsToTheEnd) {
    const sysv_queue queue = sysv_queue::create_private();
    sigset_t before;
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    const auto survived =
        testing::fail_each_call(EPERM, [&] { look_out(queue.id(), 0, 0, after(1ms)); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    // of the end: its mask, its page, its process; no kernel fails getpid
    EXPECT_EQ(survived, (std::vector<long>{SYS_close, SYS_munmap, SYS_rt_sigprocmask, SYS_getpid,
                                           SYS_waitid, SYS_pidfd_send_signal}));
    while (waitpid(-1, nullptr, __WALL) > 0) continue;
}

TEST(SysvLookout, AtTheLimitOfProcessesTheTextSaysWhatToRaise) {
    scripted_kernel script;
    script.fail(SYS_clone, EAGAIN);
    EXPECT_EQ(complaint_of([] { look_out(0, 0, 0, never); }),
              "cannot start a process that waits for a message: Resource temporarily unavailable; "
              "raise the limit of processes (ulimit -u, pids.max)");
}

// Is killed while it waits; its process holds our end of the pipe for as long as it lives.
TEST(SysvLookout, AKilledHostTakesItsProcessWithIt) {
    const sysv_queue queue = sysv_queue::create_private();
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const auto dies = [&] {
        const pid_t host = getpid();
        if (fork() == 0) _exit(kill(host, SIGKILL));
        look_out(queue.id(), 0, 0, never);
        return 1;
    };
    EXPECT_EQ(exit_code_of_forked(dies), 128 + SIGKILL);
    close(ends[1]);
    char end = 0;
    EXPECT_EQ(read(ends[0], &end, 1), 0);
    close(ends[0]);
}

}  // namespace
}  // namespace signet::os
