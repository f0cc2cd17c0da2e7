// SPDX-License-Identifier: Apache-2.0
#include <signet/os/child.hpp>

#include <signet/base/error.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/event.hpp>
#include <signet/os/memfd.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/signal.hpp>
#include <signet/os/unix_listener.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>
#include <thread>

namespace signet::os {
namespace {

using testing::complaint_of;
using testing::fail_each_call;
using testing::scripted_kernel;
using testing::temporary_directory;

// What `script` prints when the shell runs it, with `kept` as descriptors 3, 4, ...
std::string output_of(const std::string& script, std::vector<int> kept = {}) {
    const descriptor output = create_memfd("output", 0);
    child shell = child::spawn({"sh", "-c", script}, {.kept_descriptors = std::move(kept),
                                                      .standard_output = output.get()});
    EXPECT_EQ(shell.handle().wait(never), (exit_status{false, 0}));
    std::string text(4096, '\0');
    const ssize_t bytes = pread(output.get(), text.data(), text.size(), 0);
    return text.substr(0, static_cast<std::size_t>(bytes));
}

std::string descriptors_of_a_child() {
    return output_of(
        "for n in $(seq 0 200); do [ -e /proc/$$/fd/$n ] && printf '%s ' $n; done; true");
}

// All that comes until the last writer has closed it.
std::string text_from(const descriptor& pipe) {
    std::string text;
    std::array<char, 256> part{};
    for (ssize_t bytes = 0; (bytes = read(pipe.get(), part.data(), part.size())) > 0;) {
        text.append(part.data(), static_cast<std::size_t>(bytes));
    }
    return text;
}

descriptor memory_with(std::string_view text) {
    descriptor memory = create_memfd("text", 0);
    EXPECT_EQ(pwrite(memory.get(), text.data(), text.size(), 0), std::ssize(text));
    return memory;
}

TEST(Child, ItPrintsToWhereItsOutputIsSent) {
    EXPECT_EQ(output_of("echo here"), "here\n");
}

TEST(Child, ItReadsAndComplainsWhereItIsTold) {
    const descriptor input = memory_with("in");
    const descriptor complaints = create_memfd("complaints", 0);
    child shell = child::spawn({"sh", "-c", "cat >&2"},
                               {.standard_input = input.get(), .standard_error = complaints.get()});
    shell.handle().wait(never);
    EXPECT_EQ(inspect_memory(complaints).bytes, 2);
}

TEST(Child, KeptDescriptorsAreNumberedFromThree) {
    const descriptor a = memory_with("a");
    const descriptor b = memory_with("b");
    EXPECT_EQ(output_of("cat <&3; cat <&4", {b.get(), a.get()}), "ba");
}

TEST(Child, KeptDescriptorsMayHaveEachOthersNumbers) {
    const auto swapped = [] {
        const descriptor a = memory_with("a");
        const descriptor b = memory_with("b");
        dup2(a.get(), 53);
        dup2(b.get(), 3);
        dup2(53, 4);
        return output_of("cat <&3; cat <&4", {4, 3}) == "ab" ? 1 : 0;
    };
    EXPECT_EQ(testing::exit_code_of_forked(swapped), 1);
}

TEST(Child, NothingOfOursIsOpenInAChildThatDidNotGetIt) {
    const std::string before = descriptors_of_a_child();
    const temporary_directory root;
    const directory place = directory::open(root.path());
    seqpacket_listener listener{place, "name"};
    const auto client = seqpacket_socket::connect(place, "name", never);
    const auto server = listener.try_accept();
    const auto pair = seqpacket_socket::pair();
    const descriptor memory = create_memfd("test", 1);
    const event bell;
    const epoll set;
    const signal_queue signals{std::array{SIGUSR1}};
    const auto pidfd = server->peer_pidfd();
    const descriptor copy = memory.duplicate();
    EXPECT_EQ(descriptors_of_a_child(), before);
}

TEST(Child, ItStartsWithNoSignalBlocked) {
    const blocked_signals all;
    child shell = child::spawn({"sh", "-c", "kill -TERM $$"});
    EXPECT_EQ(shell.handle().wait(never), (exit_status{true, SIGTERM}));
}

TEST(Child, ItStartsWithNoSignalIgnored) {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    child shell = child::spawn({"sh", "-c", "kill -PIPE $$"});
    std::signal(SIGPIPE, before);
    EXPECT_EQ(shell.handle().wait(never), (exit_status{true, SIGPIPE}));
}

TEST(Child, ItsOwnersEndKillsAndReapsIt) {
    const int pid = child::spawn({"sleep", "1000"}).pid();
    EXPECT_FALSE(process::open(pid));
}

TEST(Child, ItIsPassedOnByMoving) {
    child first = child::spawn({"sleep", "1000"});
    child second{std::move(first)};
    EXPECT_TRUE(second.handle().running());
}

TEST(Child, AssignmentKillsTheOneBefore) {
    child held = child::spawn({"sleep", "1000"});
    const int before = held.pid();
    held = child::spawn({"sleep", "1000"});
    EXPECT_FALSE(process::open(before));
    EXPECT_TRUE(held.handle().running());
}

TEST(Child, AProgramThatIsNotThereSaysWhatToCheck) {
    EXPECT_EQ(complaint_of([] { child::spawn({"no-such-program"}); }),
              "cannot start program 'no-such-program': No such file or directory; "
              "check its name and PATH");
}

TEST(Child, AProgramThatCannotBeRunIsAnError) {
    EXPECT_EQ(complaint_of([] { child::spawn({"/dev/null"}); }),
              "cannot start program '/dev/null': Permission denied");
}

TEST(Child, AnEmptyCommandBreaksTheContract) {
    EXPECT_THROW(child::spawn({}), contract_violation);
}

TEST(Child, AProgramThatCouldNotBeStartedIsReaped) {
    EXPECT_NE(complaint_of([] { child::spawn({"no-such-program"}); }), "no error");
    EXPECT_EQ(wait(nullptr), -1);
}

TEST(Child, EachCallThatFailsIsAnErrorOrBelongsToTheEnd) {
    const auto spawn = [] {
        child::spawn({"true"}, {.kept_descriptors = {0},
                                .standard_output = 1,
                                .working_directory = "/",
                                .group = process_group::own,
                                .on_parent_death = parent_death::kills});
    };
    sigset_t before;
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    // of the end: the mask, the group, the child
    EXPECT_EQ(
        fail_each_call(EMFILE, spawn),
        (std::vector<long>{SYS_close, SYS_rt_sigprocmask, SYS_waitid, SYS_pidfd_send_signal}));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    while (wait(nullptr) > 0) continue;  // whom the failing waitid did not reap
}

TEST(Child, ItGetsTheEnvironmentItIsGiven) {
    const descriptor output = create_memfd("output", 0);
    child shell = child::spawn(
        {"sh", "-c", "echo $WHO $HOME"},
        {.standard_output = output.get(), .environment = std::vector<std::string>{"WHO=me"}});
    shell.handle().wait(never);
    EXPECT_EQ(inspect_memory(output).bytes, 3);
}

TEST(Child, ItStartsInItsWorkingDirectory) {
    piped_child shell = spawn_with_pipes({"pwd"}, {.working_directory = "/proc"});
    EXPECT_EQ(text_from(shell.output), "/proc\n");
}

TEST(Child, ADirectoryThatIsNotThereSaysSo) {
    EXPECT_EQ(complaint_of([] { child::spawn({"true"}, {.working_directory = "/no/such"}); }),
              "cannot enter the directory for 'true': No such file or directory; '/no/such' is "
              "not there");
}

TEST(Child, WithoutAPathItIsLookedForWhereTheSystemHasPrograms) {
    EXPECT_EQ(testing::exit_code_of_forked([] {
                  unsetenv("PATH");
                  return child::spawn({"sh", "-c", "exit 3"}).handle().wait(never)->value;
              }),
              3);
}

TEST(Child, APathWithoutItsNameIsTried) {
    EXPECT_EQ(testing::exit_code_of_forked([] {
                  setenv("PATH", "/no/such::/dev/null:/bin", 1);
                  return child::spawn({"sh", "-c", "exit 3"}).handle().wait(never)->value;
              }),
              3);
}

TEST(Child, PipesLeadToItsInputAndFromItsOutputs) {
    piped_child shell = spawn_with_pipes({"sh", "-c", "cat; echo oh >&2"});
    ASSERT_EQ(write(shell.input.get(), "hello", 5), 5);
    shell.input.close();
    EXPECT_EQ(text_from(shell.output), "hello");
    EXPECT_EQ(text_from(shell.errors), "oh\n");
    EXPECT_EQ(shell.program.handle().wait(never), (exit_status{false, 0}));
}

TEST(Child, WhatIsSentElsewhereHasNoPipe) {
    const descriptor output = create_memfd("output", 0);
    piped_child shell = spawn_with_pipes({"echo", "x"}, {.standard_output = output.get()});
    EXPECT_FALSE(shell.output);
    EXPECT_TRUE(shell.input && shell.errors);
    shell.program.handle().wait(never);
    EXPECT_EQ(inspect_memory(output).bytes, 2);
}

TEST(Child, OurEndsOfPipesAreNotInOtherChildren) {
    const std::string before = descriptors_of_a_child();
    const piped_child shell = spawn_with_pipes({"cat"});
    EXPECT_EQ(descriptors_of_a_child(), before);
}

TEST(Child, AKilledChildEndsItsOutput) {
    piped_child shell = spawn_with_pipes({"cat"});
    shell.program.handle().send_signal(SIGKILL);
    EXPECT_EQ(text_from(shell.output), "");
}

TEST(Child, EachFailingCallForPipesIsAnError) {
    scripted_kernel script;
    script.fail(SYS_pipe2, EMFILE, 2);
    EXPECT_NE(complaint_of([] { spawn_with_pipes({"true"}); }).find("create pipe for a child"),
              std::string::npos);
}

TEST(Child, ASignalReachesTheWholeGroup) {
    // the shell and its child hold the output; only when both are gone does it end
    piped_child shell =
        spawn_with_pipes({"sh", "-c", "sleep 1000 & echo; wait"}, {.group = process_group::own});
    char newline = 0;
    ASSERT_EQ(read(shell.output.get(), &newline, 1), 1);
    EXPECT_TRUE(shell.program.signal_group(SIGTERM));
    EXPECT_EQ(text_from(shell.output), "");
    EXPECT_EQ(shell.program.handle().wait(never), (exit_status{true, SIGTERM}));
}

TEST(Child, TheOwnersEndKillsTheWholeGroup) {
    std::optional<piped_child> shell =
        spawn_with_pipes({"sh", "-c", "sleep 1000 & echo; wait"}, {.group = process_group::own});
    const descriptor output = std::move(shell->output);
    char newline = 0;
    ASSERT_EQ(read(output.get(), &newline, 1), 1);
    shell.reset();
    EXPECT_EQ(text_from(output), "");
}

TEST(Child, AnOlderKernelSignalsTheGroupByItsNumber) {
    child shell = child::spawn({"sleep", "1000"}, {.group = process_group::own});
    scripted_kernel script;
    script.fail(SYS_pidfd_send_signal, EINVAL);
    EXPECT_TRUE(shell.signal_group(SIGTERM));
    EXPECT_EQ(shell.handle().wait(never), (exit_status{true, SIGTERM}));
    script.fail(SYS_pidfd_send_signal, EINVAL);
    EXPECT_FALSE(shell.signal_group(SIGTERM));
}

TEST(Child, AGroupSignalThatFailsIsAnError) {
    child shell = child::spawn({"sleep", "1000"}, {.group = process_group::own});
    scripted_kernel script;
    script.fail(SYS_pidfd_send_signal, EPERM);
    EXPECT_EQ(complaint_of([&] { shell.signal_group(SIGTERM); }),
              "cannot send a process group signal '15': Operation not permitted");
    EXPECT_THROW(child::spawn({"true"}).signal_group(SIGTERM), contract_violation);
}

TEST(Child, ADetachedOneOutlivesItsOwner) {
    const process left = child::spawn({"sleep", "1000"}).detach();
    EXPECT_TRUE(left.running());
    left.send_signal(SIGKILL);
    EXPECT_EQ(left.wait(never), (exit_status{true, SIGKILL}));
}

// A parent that starts a child with a pipe to us, tells its pid, and kills itself.
int parent_that_dies(int told, parent_death how) {
    child program = child::spawn({"sleep", "1000"}, {.on_parent_death = how});
    const int pid = program.pid();
    if (write(told, &pid, sizeof pid) != sizeof pid) return 1;
    return kill(getpid(), SIGKILL);
}

int pid_of_orphan(parent_death how) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return -1;
    const descriptor reading{ends[0]};
    const descriptor writing{ends[1]};
    testing::exit_code_of_forked([&] { return parent_that_dies(writing.get(), how); });
    int pid = -1;
    return read(reading.get(), &pid, sizeof pid) == sizeof pid ? pid : -1;
}

TEST(Child, AKilledParentLeavesItsChildRunning) {
    const int pid = pid_of_orphan(parent_death::ignored);
    const auto orphan = process::open(pid);
    ASSERT_TRUE(orphan);
    EXPECT_TRUE(orphan->running());
    orphan->send_signal(SIGKILL);
}

TEST(Child, AChildThatIsBoundToItDiesWithItsParent) {
    const auto orphan = process::open(pid_of_orphan(parent_death::kills));
    EXPECT_TRUE(!orphan || wait_readable(orphan->fd(), never));
}

TEST(Child, ItIsTheDeathOfTheThreadThatKills) {
    std::optional<child> program;
    std::thread{[&] {
        program = child::spawn({"sleep", "1000"}, {.on_parent_death = parent_death::kills});
    }}.join();
    EXPECT_EQ(program->handle().wait(never), (exit_status{true, SIGKILL}));
}

TEST(Child, AtTheLimitOfProcessesTheTextSaysWhatToRaise) {
    EXPECT_EQ(testing::exit_code_of_forked([] {
                  const rlimit none{0, 0};
                  setrlimit(RLIMIT_NPROC, &none);
                  if (syscall(SYS_setresuid, 65533, 65533, 65533) != 0) return 2;
                  const std::string text = complaint_of([] { child::spawn({"true"}); });
                  return text == "cannot start program 'true': Resource temporarily unavailable; "
                                 "raise the limit of processes (ulimit -u, pids.max)"
                             ? 0
                             : 1;
              }),
              0);
}

}  // namespace
}  // namespace signet::os
