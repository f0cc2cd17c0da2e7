// SPDX-License-Identifier: Apache-2.0
#include <signet/os/child.hpp>

#include <signet/base/error.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/event.hpp>
#include <signet/os/memfd.hpp>
#include <signet/os/signal.hpp>
#include <signet/os/unix_listener.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/scripted_kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

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

TEST(Child, AChildWithoutAHandleIsKilledAndReaped) {
    scripted_kernel script;
    script.fail(SYS_pidfd_open, EMFILE);
    EXPECT_NE(complaint_of([] { child::spawn({"sleep", "1000"}); }).find("open process of 'sleep'"),
              std::string::npos);
    EXPECT_EQ(wait(nullptr), -1);
}

TEST(Child, EachCallThatFailsIsAnErrorOrBelongsToTheEnd) {
    const auto spawn = [] {
        child::spawn({"true"}, {.kept_descriptors = {0}, .standard_output = 1});
    };
    EXPECT_EQ(fail_each_call(EMFILE, spawn),
              (std::vector<long>{SYS_close, SYS_waitid, SYS_pidfd_send_signal}));
    while (wait(nullptr) > 0) continue;  // whom the failing waitid did not reap
}

}  // namespace
}  // namespace signet::os
