// SPDX-License-Identifier: Apache-2.0
#include <signet/os/fork_guard.hpp>

#include <signet/base/error.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace signet::os {
namespace {

using testing::exit_code_of_forked;
using testing::scripted_kernel;

int callbacks_run = 0;

// fork(2) as the C library does not see it
int exit_code_of_cloned(int (*body)(std::uint64_t), std::uint64_t argument) {
    const long pid = syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (pid == 0) _exit(body(argument));
    int status = 0;
    waitpid(static_cast<pid_t>(pid), &status, 0);
    return WEXITSTATUS(status);
}

int differs_from(std::uint64_t before) {
    return process_generation() != before && process_generation() != 0 ? 1 : 0;
}

int differs_through_two_clones(std::uint64_t before) {
    return differs_from(before) == 1 ? exit_code_of_cloned(differs_from, process_generation()) : 0;
}

// As a process that never asked for its generation: the test program runs this test alone.
int generations_of_fork_differ() {
    const std::uint64_t before = process_generation();
    const bool same_here = before == process_generation() && before != 0;
    return same_here ? exit_code_of_forked([before] { return differs_from(before); }) : 0;
}

TEST(ForkGuard, AProcessKeepsItsNumber) {
    const std::uint64_t number = process_generation();
    EXPECT_NE(number, 0);
    EXPECT_EQ(process_generation(), number);
    std::thread{[number] { EXPECT_EQ(process_generation(), number); }}.join();
}

TEST(ForkGuard, AForkedChildHasANumberOfItsOwn) {
    const std::uint64_t before = process_generation();
    EXPECT_EQ(exit_code_of_forked([before] { return differs_from(before); }), 1);
    EXPECT_EQ(process_generation(), before);
}

TEST(ForkGuard, AChildTheCLibraryDoesNotKnowOfHasOneToo) {
    EXPECT_EQ(exit_code_of_cloned(differs_from, process_generation()), 1);
}

TEST(ForkGuard, AGrandchildDiffersFromItsParent) {
    EXPECT_EQ(exit_code_of_cloned(differs_through_two_clones, process_generation()), 1);
    const auto twice = [] {
        const std::uint64_t before = process_generation();
        return exit_code_of_forked([before] { return differs_from(before); });
    };
    EXPECT_EQ(exit_code_of_forked(twice), 1);
}

TEST(ForkGuard, CallbacksRunInTheChildOnly) {
    on_fork_in_child([] { ++callbacks_run; });
    EXPECT_EQ(exit_code_of_forked([] { return callbacks_run; }), 1);
    EXPECT_EQ(callbacks_run, 0);
}

TEST(ForkGuard, TooManyCallbacksBreakTheContract) {
    const auto register_all = [] {
        for (std::size_t i = 0; i < fork_callbacks_max; ++i) on_fork_in_child([] {});
    };
    EXPECT_EQ(exit_code_of_forked([&] {
                  try {
                      register_all();
                      register_all();
                  } catch (const contract_violation&) {
                      return 1;
                  }
                  return 0;
              }),
              1);
}

TEST(ForkGuard, AKernelWithoutPagesWipedByForkLeavesTheCLibrarysFork) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    for (const long number : {SYS_mmap, SYS_madvise}) {
        EXPECT_EXIT(
            {
                scripted_kernel script;
                script.fail(number, EINVAL);
                _exit(generations_of_fork_differ() + script.calls(number));
            },
            ::testing::ExitedWithCode(2), "");
    }
}

}  // namespace
}  // namespace signet::os
