// SPDX-License-Identifier: Apache-2.0
// Calls in loops: coroutines call, are called, and read streams, while one thread does it all.
#include <signet/service.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <signet/loop.hpp>
#include <signet/os/poll.hpp>
#include <signet/testing/eventually.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;

stream<int> count_to(int end) {
    for (int i = 0; i < end; ++i) co_yield i;
}

class ServiceLoops : public ::testing::TestWithParam<std::string> {
protected:
    std::string where() const {
        return GetParam() == "shm" ? "test/loop-" + std::to_string(getpid())
                                   : "unix://" + place_.path() + "/socket";
    }

    /// Serves in the loop, until `body` has ended.
    void run(task<> body) {
        in_.spawn(server_.serve(in_));
        in_.spawn(finishing(std::move(body)));
        in_.run();
    }
    task<> finishing(task<> body) {
        co_await std::move(body);
        server_.stop();
    }

    testing::temporary_directory place_;
    loop in_{wait_mode::sleep};
    server server_{where()};
    client client_{in_loop_connected()};

    // A server that only a loop serves answers nobody who waits without it.
    client in_loop_connected() {
        std::jthread serving{[this](std::stop_token stop) { server_.serve(stop); }};
        return client{server_.address()};
    }
};

TEST_P(ServiceLoops, CallAndServeInOneThread) {
    server_.handle("add", [](int a, int b) { return a + b; });
    int got = 0;
    run([](client& there, int& into) -> task<> {
        into = co_await there.async_call<int>("add", 2, 3);
    }(client_, got));
    EXPECT_EQ(got, 5);
}

TEST_P(ServiceLoops, HaveCoroutinesAsMethods) {
    server_.handle("later", [this](int value) -> task<int> {
        co_await in_.sleep_for(1ms);
        co_return value + 1;
    });
    int got = 0;
    run([](client& there, int& into) -> task<> {
        into = co_await there.async_call<int>("later", 6);
    }(client_, got));
    EXPECT_EQ(got, 7);
}

TEST_P(ServiceLoops, LetACoroutineSeeItsCallAndItsArguments) {
    server_.handle("who",
                   [this](const std::string& text, std::string_view view) -> task<std::string> {
                       const auto call = current_call();
                       co_await in_.sleep_for(1ms);
                       co_return text + std::string{view} + (call->until() == never ? "!" : "?");
                   });
    std::string got;
    run([](client& there, std::string& into) -> task<> {
        into = co_await there.async_call<std::string>("who", std::string(100, 'a'), "b");
    }(client_, got));
    EXPECT_EQ(got, std::string(100, 'a') + "b!");
}

TEST_P(ServiceLoops, TellWhatACoroutineThrew) {
    server_.handle("fail", [this]() -> task<int> {
        co_await in_.sleep_for(1ms);
        throw std::out_of_range{"too far"};
    });
    std::string got;
    run([](client& there, std::string& into) -> task<> {
        try {
            co_await there.async_call<int>("fail");
        } catch (const remote_error& e) {
            into = e.type() + ": " + e.text();
        }
    }(client_, got));
    EXPECT_EQ(got, "std::out_of_range: too far");
}

// What a coroutine refers to lasts as long as it, though the request is answered, and has gone.
TEST_P(ServiceLoops, AnswerARequestByACoroutine) {
    in_.spawn([](loop& in, server& from) -> task<> {
        std::optional<request> next;
        while (!(next = from.receive_for(0ns))) co_await in.sleep_for(1ms);
        next->answer(
            [&in, text = std::string(100, 'a')](std::string_view more) -> task<std::string> {
                co_await in.sleep_for(1ms);
                co_return text + std::string{more};
            });
        EXPECT_THROW(next->reply(5), contract_violation);
    }(in_, server_));
    std::string got;
    in_.spawn([](client& there, std::string& into) -> task<> {
        into = co_await there.async_call<std::string>("any", std::string(100, 'b'));
    }(client_, got));
    in_.run();
    EXPECT_EQ(got, std::string(100, 'a') + std::string(100, 'b'));
}

TEST_P(ServiceLoops, RunManyCallsAtOnce) {
    server_.handle("later", [this](int value) -> task<int> {
        co_await in_.sleep_for(1ms);
        co_return value;
    });
    int done = 0;
    run([](client& there, int& into) -> task<> {
        std::vector<async_result<int>> all;
        for (int i = 0; i < 100; ++i) all.push_back(there.async_call<int>("later", i));
        for (int i = 0; i < 100; ++i) {
            const int got = co_await std::move(all[static_cast<std::size_t>(i)]);
            into += got == i;
        }
    }(client_, done));
    EXPECT_EQ(done, 100);
}

TEST_P(ServiceLoops, ReadStreamsBothWays) {
    server_.handle("double", [](stream<int> numbers) -> task<long> {
        long sum = 0;
        for (;;) {
            const auto one = co_await next_of(numbers);
            if (!one) break;
            sum += *one;
        }
        co_return sum;
    });
    server_.handle("count", count_to);
    long sum = 0;
    long items = 0;
    run([](client& there, long& sum_of, long& items_of) -> task<> {
        sum_of = co_await there.async_call<long>("double", count_to(10'000));
        auto numbers = co_await there.async_call<stream<int>>("count", 10'000);
        for (;;) {
            const auto one = co_await next_of(numbers);
            if (!one) break;
            ++items_of;
        }
    }(client_, sum, items));
    EXPECT_EQ(sum, 10'000L * 9'999 / 2);
    EXPECT_EQ(items, 10'000);
}

TEST_P(ServiceLoops, ServeOthersMeanwhile) {
    server_.handle("add", [](int a, int b) { return a + b; });
    int got = 0;
    in_.spawn(server_.serve(in_));
    std::thread other{[&] {
        got = client_.call<int>("add", 2, 3);
        server_.stop();
    }};
    in_.run();
    other.join();
    EXPECT_EQ(got, 5);
}

TEST_P(ServiceLoops, LiveInALoopOfTheUsers) {
    server_.handle("add", [](int a, int b) { return a + b; });
    auto five = client_.async_call<int>("add", 2, 3);
    bool served = true;
    while (served && !five.ready()) {
        server_.poll();
        client_.poll();
        std::array<os::awaited, 2> both{
            {{server_.fd(), os::readiness::readable}, {client_.fd(), os::readiness::readable}}};
        served = five.ready() || os::wait_any_ready(both, after(20s));
    }
    EXPECT_TRUE(served);
    EXPECT_EQ(five.get(), 5);
}

INSTANTIATE_TEST_SUITE_P(Over, ServiceLoops, ::testing::Values("unix", "shm"),
                         [](const auto& of) { return of.param; });

}  // namespace
}  // namespace signet::tests
