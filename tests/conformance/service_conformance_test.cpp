// SPDX-License-Identifier: Apache-2.0
// What services promise, over each carrier that goes both ways.
#include "channel_carriers.hpp"

#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;

class calculator {
public:
    int add(int a, int b) const { return a + b; }
    void remember(int value) { memory_ = value; }
    int memory() const { return memory_; }

private:
    std::atomic<int> memory_ = 0;
};
SIGNET_INTERFACE(calculator, add, remember, memory)

struct point {
    double x;
    double y;
    std::string name;
};

/// One server and its clients, in threads of one process.
class Services : public ::testing::TestWithParam<const transport::carrier*> {
protected:
    Services() {
        server_.handle("add", [](int a, int b) { return a + b; });
        server_.handle("mirror", [](const point& p) { return point{p.y, p.x, p.name}; });
        server_.handle("length", [](std::string_view text) { return text.size(); });
        server_.handle("repeat", [](std::size_t n) { return std::string(n, 'x'); });
        server_.handle("fail", [](const std::string& why) { throw std::out_of_range{why}; });
        server_.handle("time_left", [] { return current_call()->until() == never ? -1 : 1; });
        server_.handle("hold", [this] {
            ++held_;
            const std::stop_token stop = current_call()->stop_token();
            testing::eventually([&] { return stop.stop_requested() || let_go_; });
            if (stop.stop_requested()) ++stopped_;
        });
        server_.handle(calculator_);
    }
    ~Services() override { let_go_ = true; }

    const transport::carrier_facts& facts() const { return GetParam()->facts(); }
    void serve(std::size_t threads = 1) { server_.serve_in_background(threads); }
    client connect() { return client{server_.address()}; }

    address_book book_{GetParam()->facts()};
    calculator calculator_;
    std::atomic<int> held_ = 0;
    std::atomic<int> stopped_ = 0;
    std::atomic<bool> let_go_ = false;
    server server_{book_.address()};
};

ran ran_of(const auto& body) {
    try {
        body();
    } catch (const call_error& e) {
        return e.ran();
    }
    throw std::logic_error{"the call did not fail"};
}

std::string complaint_of(const auto& body) {
    try {
        body();
    } catch (const call_error& e) {
        return e.what();
    }
    return "nothing";
}

TEST_P(Services, CallPlainFunctions) {
    serve();
    client sums = connect();
    EXPECT_EQ(sums.call<int>("add", 2, 3), 5);
    EXPECT_EQ(sums.call<std::size_t>("length", "hello"), 5u);
    const auto mirrored = sums.call<point>("mirror", point{1, 2, "p"});
    EXPECT_EQ(mirrored.x, 2);
    EXPECT_EQ(mirrored.name, "p");
}

TEST_P(Services, CallMethodsOfObjects) {
    serve();
    client sums = connect();
    EXPECT_EQ(sums.call<&calculator::add>(2, 3), 5);
    sums.call<&calculator::remember>(7);
    EXPECT_EQ(sums.call<&calculator::memory>(), 7);
    EXPECT_EQ(sums.call<int>("calculator.memory"), 7);
}

TEST_P(Services, CarryWhatIsLarge) {
    serve();
    client sums = connect();
    const std::size_t bytes = std::min<std::uint64_t>(3'000'000, facts().message_bytes_max / 2);
    EXPECT_EQ(sums.call<std::size_t>("length", std::string(bytes, 'y')), bytes);
    EXPECT_EQ(sums.call<std::string>("repeat", bytes), std::string(bytes, 'x'));
}

TEST_P(Services, RunTheNotificationsOfWhoHasGone) {
    serve();
    for (int i = 0; i < 20; ++i) connect().notify("calculator.remember", 7 + i);
    EXPECT_TRUE(testing::eventually([&] { return server_.counts().served == 20; }));
}

TEST_P(Services, TellWhatAFunctionThrew) {
    serve();
    client sums = connect();
    try {
        sums.call("fail", "too far");
        FAIL();
    } catch (const remote_error& e) {
        EXPECT_EQ(e.type(), "std::out_of_range");
        EXPECT_EQ(e.text(), "too far");
        EXPECT_EQ(e.ran(), ran::yes);
    }
}

TEST_P(Services, SayWhatThereIsToCall) {
    serve();
    client sums = connect();
    EXPECT_EQ(ran_of([&] { sums.call("ad", 2, 3); }), ran::no);
    const std::string complaint = complaint_of([&] { sums.call("ad", 2, 3); });
    EXPECT_NE(complaint.find("there is no 'ad'; there are add, calculator.add"), std::string::npos)
        << complaint;
}

TEST_P(Services, SayWhichArgumentsTheyTake) {
    serve();
    client sums = connect();
    EXPECT_EQ(ran_of([&] { sums.call("add", 2); }), ran::no);
    const std::string complaint = complaint_of([&] { sums.call("add", 2, "three"); });
    EXPECT_NE(complaint.find("it takes (i32, i32): of argument 2, it is not an integer"),
              std::string::npos)
        << complaint;
    EXPECT_NE(complaint_of([&] { sums.call("add", 1, 2, 3); }).find("got 3"), std::string::npos);
}

TEST_P(Services, TellTheCallerWhatItsResultIsNot) {
    serve();
    client sums = connect();
    EXPECT_EQ(ran_of([&] { sums.call<std::string>("add", 2, 3); }), ran::yes);
}

TEST_P(Services, KnowTheDeadlineOfACall) {
    serve();
    client sums = connect();
    EXPECT_EQ(sums.call<int>("time_left"), -1);
    EXPECT_EQ(sums.call_for<int>(60s, "time_left"), 1);
}

TEST_P(Services, GiveUpACallThatTakesTooLong) {
    serve();
    client sums = connect();
    EXPECT_EQ(ran_of([&] { sums.call_for(1ms, "hold"); }), ran::maybe);
    EXPECT_TRUE(testing::eventually([&] { return stopped_ == held_; }));
    EXPECT_EQ(sums.call<int>("add", 2, 3), 5);
}

TEST_P(Services, CancelACallThatRuns) {
    serve();
    client sums = connect();
    std::stop_source stop;
    auto calling = std::async(std::launch::async, [&] {
        return ran_of([&] { sums.call_with({never, stop.get_token()}, "hold"); });
    });
    EXPECT_TRUE(testing::eventually([&] { return held_ == 1; }));
    stop.request_stop();
    EXPECT_EQ(calling.get(), ran::maybe);
    EXPECT_TRUE(testing::eventually([&] { return stopped_ == 1; }));
}

TEST_P(Services, CancelTheCallsOfAClientThatGoes) {
    serve();
    {
        client sums = connect();
        auto result = sums.async_call("hold");
        EXPECT_TRUE(testing::eventually([&] { return held_ == 1; }));
    }
    EXPECT_TRUE(testing::eventually([&] { return stopped_ == 1; }));
    EXPECT_EQ(connect().call<int>("add", 2, 3), 5);
}

TEST_P(Services, AnswerManyCallsAtOnce) {
    serve();
    client sums = connect();
    std::vector<async_result<int>> results;
    for (int i = 0; i < 2'000; ++i) results.push_back(sums.async_call<int>("add", i, i));
    for (int i = 0; i < 2'000; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), 2 * i);
}

TEST_P(Services, ServeThreadsThatShareAClient) {
    serve(2);
    client sums = connect();
    std::vector<std::future<int>> all;
    for (int t = 0; t < 4; ++t) {
        all.push_back(std::async(std::launch::async, [&sums] {
            int wrong = 0;
            for (int i = 0; i < 500; ++i) wrong += sums.call<int>("add", i, 1) != i + 1;
            return wrong;
        }));
    }
    for (auto& one : all) EXPECT_EQ(one.get(), 0);
}

TEST_P(Services, DoWhatNobodyWaitsFor) {
    serve();
    client sums = connect();
    sums.notify("calculator.remember", 9);
    EXPECT_EQ(sums.call<&calculator::memory>(), 9);
}

INSTANTIATE_TEST_SUITE_P(Over, Services, ::testing::ValuesIn(carriers_of_services()), scheme_of);

}  // namespace
}  // namespace signet::tests
