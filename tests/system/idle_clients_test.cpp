// SPDX-License-Identifier: Apache-2.0
// What a call costs a server that many others are connected to, who say nothing: no more, counted
// in calls of the kernel.
#include <signet/service.hpp>

#include <signet/os/kernel.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace signet::tests {
namespace {

std::atomic<long> kernel_calls = 0;
os::kernel_entry real_kernel = nullptr;

long count_call(long number, const os::kernel_arguments& arguments) {
    ++kernel_calls;
    return real_kernel(number, arguments);
}

class IdleClients : public ::testing::Test {
protected:
    IdleClients() {
        raise_limit();
        server_.handle("add", [](int a, int b) { return a + b; });
        server_.serve_in_background(1);
        real_kernel = os::exchange_kernel_entry(&count_call);
    }
    ~IdleClients() override { os::exchange_kernel_entry(real_kernel); }

    static void raise_limit() {
        rlimit files{};
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }

    /// Of both ends.
    static long calls_of(client& active) {
        const long before = kernel_calls;
        for (int i = 0; i < 1000; ++i) EXPECT_EQ(active.call<int>("add", 2, 3), 5);
        return kernel_calls - before;
    }

    testing::temporary_directory place_;
    server server_{"unix://" + place_.path() + "/service", {.waiting = wait_mode::sleep}};
};

TEST_F(IdleClients, CostACallNothing) {
    const client_options sleeps{.waiting = wait_mode::sleep};
    client active{server_.address(), sleeps};
    const long alone = calls_of(active);
    std::vector<std::unique_ptr<client>> idle;
    for (int i = 0; i < 400; ++i) {
        idle.push_back(std::make_unique<client>(server_.address(), sleeps));
    }
    EXPECT_LE(calls_of(active), alone + alone / 10);
}

}  // namespace
}  // namespace signet::tests
