// SPDX-License-Identifier: Apache-2.0
// Eight threads share a client, and do all that calls can, while its server is stopped and started
// again: each gets what it asked for, or a clear error.
#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::eventually;

stream<int> count_to(int end) {
    for (int i = 0; i < end; ++i) co_yield i;
}

void call(client& there) {
    EXPECT_EQ(there.call<int>("add", 2, 3), 5);
}

void read_stream(client& there) {
    int next = 0;
    for (const int one : there.call<stream<int>>("count", 300)) EXPECT_EQ(one, next++);
    EXPECT_EQ(next, 300);
}

void drop_stream(client& there) {
    there.call<stream<int>>("count", 1'000'000'000).next();
}

void write_stream(client& there) {
    EXPECT_EQ(there.call<int>("sum", count_to(100)), 4950);
}

void send_batch(client& there) {
    batch together{there};
    auto five = together.call<int>("add", 2, 3);
    auto ten = together.call<int>("add", five, 5);
    together.send();
    EXPECT_EQ(ten.get(), 10);
}

void cancel(client& there) {
    const auto given_up = there.async_call("hold");
}

void call_with_deadline(client& there) {
    EXPECT_THROW(there.call_for(1ms, "hold"), call_error);
}

void lend_function(client& there) {
    EXPECT_EQ(there.call<int>("ask", [](int x) { return x + 1; }, 4), 5);
}

constexpr std::array all_that_calls_can{call,       read_stream, drop_stream,        write_stream,
                                        send_batch, cancel,      call_with_deadline, lend_function};

class ServiceThreads : public ::testing::Test {
protected:
    void start() {
        server_.emplace(where_);
        server_->handle("add", [](int a, int b) { return a + b; });
        server_->handle("count", count_to);
        server_->handle("sum", [](stream<int> items) {
            int sum = 0;
            for (const int one : items) sum += one;
            return sum;
        });
        server_->handle("ask", [](const std::function<int(int)>& f, int x) { return f(x); });
        server_->handle("hold", [] {
            const std::stop_token stop = current_call()->stop_token();
            EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
        });
        server_->serve_in_background(4);
    }

    /// Until it is told to end; what fails by a server that has gone is tried again.
    void work(client& there, std::size_t first, const std::stop_token& end) {
        for (std::size_t i = first; !end.stop_requested(); ++i) {
            try {
                all_that_calls_can[i % all_that_calls_can.size()](there);
                ++done_;
            } catch (const error&) {
                std::this_thread::yield();
            }
        }
    }

    bool gets_on() {
        const int wanted = done_ + 200;
        return eventually([&] { return done_ >= wanted; });
    }

    testing::temporary_directory place_;
    const std::string where_ = "unix://" + place_.path() + "/service";
    std::atomic<int> done_ = 0;
    std::optional<server> server_;
};

TEST_F(ServiceThreads, ShareAClientWhoseServerGoesAndComes) {
    start();
    client there{where_};
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < 8; ++i) {
            threads.emplace_back([&, i](const std::stop_token& end) { work(there, i, end); });
        }
        for (int round = 0; round < 5; ++round) {
            EXPECT_TRUE(gets_on());
            server_.reset();
            start();
        }
        EXPECT_TRUE(gets_on());
    }
    EXPECT_EQ(there.call<int>("add", 2, 3), 5);
}

}  // namespace
}  // namespace signet::tests
