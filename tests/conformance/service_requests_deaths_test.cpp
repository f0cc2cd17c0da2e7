// SPDX-License-Identifier: Apache-2.0
// Requests between processes: what becomes of a forwarded one when either server dies, who the
// caller is, and how urgent the kernel takes a server to be. Apart from service_requests_test.cpp,
// since what forks is not for the thread sanitizer.
#include "channel_carriers.hpp"

#include <signet/os/thread_priority.hpp>
#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace signet::tests {
namespace {

using testing::eventually;
using testing::forked_peer;

client connect_to(const std::string& where, std::uint8_t priority = 0) {
    std::optional<client> found;
    const bool there = eventually([&] {
        try {
            return found.emplace(where, client_options{.priority = priority}), true;
        } catch (const error&) {
            return false;
        }
    });
    if (!there) throw std::runtime_error{"nobody serves " + where};
    return std::move(*found);
}

std::optional<ran> fate_of(client& of, const char* method) {
    try {
        of.call<int>(method);
        return std::nullopt;
    } catch (const call_error& e) {
        return e.ran();
    }
}

// ---- deaths -------------------------------------------------------------------------------------

class RequestDeaths : public ::testing::TestWithParam<const transport::carrier*> {
protected:
    /// Forwards what is far to the second server, which answers or dies.
    int serve_first() const {
        server here{first_};
        const client there = connect_to(second_);
        while (auto next = here.receive()) {
            const std::string method{next->method()};
            method == "near" ? next->reply(1) : next->forward(there);
            if (method == "die behind it") raise(SIGKILL);
        }
        return 0;
    }
    int serve_second() const {
        server here{second_};
        std::vector<request> held;
        while (auto next = here.receive()) {
            const std::string method{next->method()};
            if (method == "die") raise(SIGKILL);
            method == "far" ? next->reply(2) : held.push_back(std::move(*next));
        }
        return 0;
    }

private:
    address_book book_{GetParam()->facts()};

protected:
    const std::string first_ = book_.address(1);  // the same for all processes
    const std::string second_ = book_.address(2);
};

TEST_P(RequestDeaths, OfTheServerBehindAreMaybeAndTheOneInFrontGoesOn) {
    forked_peer second{[this] { return serve_second(); }};
    forked_peer first{[this] { return serve_first(); }};
    client there = connect_to(first_);
    EXPECT_EQ(fate_of(there, "far"), std::nullopt);
    EXPECT_EQ(fate_of(there, "die"), ran::maybe);
    EXPECT_EQ(there.call<int>("near"), 1);
}

TEST_P(RequestDeaths, OfTheServerBehindAreOverWhenAnotherOneServes) {
    std::optional<forked_peer> second{std::in_place, [this] { return serve_second(); }};
    forked_peer first{[this] { return serve_first(); }};
    client there = connect_to(first_);
    EXPECT_EQ(fate_of(there, "die"), ran::maybe);
    second.reset();
    EXPECT_EQ(fate_of(there, "far"), ran::no);  // nobody serves
    second.emplace([this] { return serve_second(); });
    EXPECT_TRUE(eventually([&] { return !fate_of(there, "far"); }));
}

TEST_P(RequestDeaths, OfTheServerInFrontAreMaybe) {
    forked_peer second{[this] { return serve_second(); }};
    forked_peer first{[this] { return serve_first(); }};
    client there = connect_to(first_);
    EXPECT_EQ(fate_of(there, "die behind it"), ran::maybe);
    client behind = connect_to(second_);
    EXPECT_EQ(behind.call<int>("far"), 2);
}

INSTANTIATE_TEST_SUITE_P(Over, RequestDeaths, ::testing::ValuesIn(carriers_of_service_processes()),
                         scheme_of);

// ---- processes ----------------------------------------------------------------------------------

class RequestsOfProcesses : public ::testing::Test {
protected:
    testing::temporary_directory place_;
    const std::string where_ = "unix://" + place_.path() + "/server";
};

TEST_F(RequestsOfProcesses, TellWhoseTheyAre) {
    std::optional<forked_peer> caller;
    server here{where_};
    caller.emplace([this] { return connect_to(where_).call<int>("who"); });
    auto next = here.receive();
    ASSERT_EQ(next->caller().user->pid, caller->pid());
    const auto process = next->caller_process();
    if (!process) GTEST_SKIP() << "this kernel has no SO_PEERPIDFD";
    EXPECT_TRUE(process->running());
    caller->kill();
    EXPECT_FALSE(process->running());
}

// ---- priorities of the kernel -------------------------------------------------------------------

using schedule = std::vector<int>;

schedule schedule_now() {
    const auto now = os::current_thread_schedule();
    return {static_cast<int>(now.policy), now.nice, static_cast<int>(now.level)};
}

/// What this process may have, where it asks for 5.
schedule schedule_when_raised() {
    const auto raised = os::raised_priority::raise(5);
    return schedule_now();
}

/// From now on this thread may not be preferred.
void give_up_right() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_RTPRIO, &none);
    setrlimit(RLIMIT_NICE, &none);
    __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct mine[2]{};
    syscall(SYS_capget, &head, mine);
    mine[CAP_TO_INDEX(CAP_SYS_NICE)].effective &= ~CAP_TO_MASK(CAP_SYS_NICE);
    syscall(SYS_capset, &head, mine);
}

int serve_schedules(const std::string& where) {
    server here{where, {.takes_priority = kernel_priority::of_calls}};
    here.handle("now", schedule_now);
    here.handle("not raised", [&] { return here.counts().not_raised; });
    here.serve();
    return 0;
}

int receive_schedules(const std::string& where) {
    server here{where, {.takes_priority = kernel_priority::of_calls}};
    while (auto next = here.receive()) {
        next->reply(schedule_now());
    }
    return 0;
}

TEST_F(RequestsOfProcesses, AreUrgentToTheKernelWhileTheyRun) {
    const forked_peer victim{[this] { return serve_schedules(where_); }};
    client urgent = connect_to(where_, 5);
    client usual = connect_to(where_);
    EXPECT_EQ(urgent.call<schedule>("now"), schedule_when_raised());
    EXPECT_EQ(usual.call<schedule>("now"), schedule_now());
}

TEST_F(RequestsOfProcesses, AreUrgentToTheKernelFromBeingReceivedUntilTheReply) {
    const forked_peer victim{[this] { return receive_schedules(where_); }};
    client urgent = connect_to(where_, 5);
    client usual = connect_to(where_);
    EXPECT_EQ(urgent.call<schedule>("now"), schedule_when_raised());
    EXPECT_EQ(usual.call<schedule>("now"), schedule_now());
}

TEST_F(RequestsOfProcesses, AreServedAsUsualAndCountedWithoutTheRight) {
    const forked_peer victim{[this] {
        give_up_right();
        return serve_schedules(where_);
    }};
    client urgent = connect_to(where_, 5);
    EXPECT_EQ(urgent.call<schedule>("now"), schedule_now());
    EXPECT_GE(urgent.call<int>("not raised"), 1);
}

}  // namespace
}  // namespace signet::tests
