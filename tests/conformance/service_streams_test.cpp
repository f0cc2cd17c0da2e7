// SPDX-License-Identifier: Apache-2.0
// What calls carry beside values, over each carrier that goes both ways: streams, functions that
// are called back, calls the other way, batches.
#include "channel_carriers.hpp"

#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

using testing::eventually;

stream<int> count_to(int end) {
    for (int i = 0; i < end; ++i) co_yield i;
}

stream<std::string> blocks(int count, std::size_t bytes) {
    for (int i = 0; i < count; ++i) co_yield std::string(bytes, 'x');
}

class ServiceStreams : public ::testing::TestWithParam<const transport::carrier*> {
protected:
    ServiceStreams() {
        server_.handle("count", count_to);
        server_.handle("blocks", blocks);
        server_.handle("fail after", [](int good) -> stream<int> {
            for (int i = 0; i < good; ++i) co_yield i;
            throw std::out_of_range{"enough"};
        });
        server_.handle("sum", [](stream<int> numbers) {
            long sum = 0;
            for (const int one : numbers) sum += one;
            return sum;
        });
        server_.handle("double", [](stream<int> numbers) -> stream<int> {
            for (const int one : numbers) co_yield 2 * one;
        });
        server_.handle("first", [](stream<int> numbers) { return numbers.next().value_or(-1); });
        server_.handle("each", [](int count, const std::function<int(int)>& work) {
            int sum = 0;
            for (int i = 0; i < count; ++i) sum += work(i);
            return sum;
        });
        server_.handle("add", [](int a, int b) { return a + b; });
        server_.handle("ask", [] { return current_call()->call<std::string>("name"); });
        server_.handle("throw", []() -> int { throw std::runtime_error{"no number"}; });
        server_.serve_in_background(1);
    }

    client connect() const { return client{server_.address()}; }

    address_book book_{GetParam()->facts()};
    server server_{book_.address()};
};

TEST_P(ServiceStreams, AreReadAsTheyCome) {
    client there = connect();
    std::vector<int> got;
    for (const int one : there.call<stream<int>>("count", 1000)) got.push_back(one);
    std::vector<int> wanted(1000);
    std::iota(wanted.begin(), wanted.end(), 0);
    EXPECT_EQ(got, wanted);
}

TEST_P(ServiceStreams, MayBeEmpty) {
    client there = connect();
    auto none = there.call<stream<int>>("count", 0);
    EXPECT_EQ(none.next(), std::nullopt);
    EXPECT_TRUE(none.ended());
}

TEST_P(ServiceStreams, CarryMoreThanAWindow) {
    client there = connect();
    std::size_t bytes = 0;
    for (const auto& one : there.call<stream<std::string>>("blocks", 300, 2000)) {
        bytes += one.size();
    }
    EXPECT_EQ(bytes, 600'000u);
}

TEST_P(ServiceStreams, WaitForASlowReaderWhileOthersAreServed) {
    client slow = connect();
    client other = connect();
    auto unread = slow.call<stream<std::string>>("blocks", 1000, 2000);
    EXPECT_EQ(unread.next(), std::string(2000, 'x'));
    EXPECT_EQ(other.call<int>("add", 2, 3), 5);
    EXPECT_EQ(slow.call<int>("add", 2, 3), 5);
    EXPECT_EQ(unread.next(), std::string(2000, 'x'));
}

TEST_P(ServiceStreams, AreStoppedByWhoReadsNoMore) {
    client there = connect();
    for (int round = 0; round < 100; ++round) {
        auto unread = there.call<stream<int>>("count", 1'000'000'000);
        EXPECT_EQ(unread.next(), 0);
    }
    EXPECT_EQ(there.call<int>("add", 2, 3), 5);
}

TEST_P(ServiceStreams, TellWhatTheirWriterThrew) {
    client there = connect();
    auto items = there.call<stream<int>>("fail after", 2);
    EXPECT_EQ(items.next(), 0);
    EXPECT_EQ(items.next(), 1);
    try {
        items.next();
        FAIL() << "it went on";
    } catch (const remote_error& e) {
        EXPECT_EQ(e.type(), "std::out_of_range");
        EXPECT_EQ(e.text(), "enough");
    }
}

TEST_P(ServiceStreams, AreArgumentsToo) {
    client there = connect();
    EXPECT_EQ(there.call<long>("sum", count_to(100'000)), 100'000L * 99'999 / 2);
}

TEST_P(ServiceStreams, AreWrittenByHand) {
    client there = connect();
    stream_writer<int> numbers;
    auto sum = there.async_call<long>("sum", numbers);
    for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(numbers.write(i));
    numbers.close();
    EXPECT_EQ(sum.get(), 100'000L * 99'999 / 2);
}

TEST_P(ServiceStreams, TellTheirWriterThatNobodyReads) {
    client there = connect();
    stream_writer<int> numbers;
    auto first = there.async_call<int>("first", numbers);
    ASSERT_TRUE(numbers.write(7));
    EXPECT_EQ(first.get(), 7);
    EXPECT_TRUE(eventually([&] { return !numbers.write(8); }));
}

TEST_P(ServiceStreams, GoBothWaysAtOnce) {
    client there = connect();
    long sum = 0;
    for (const int one : there.call<stream<int>>("double", count_to(50'000))) sum += one;
    EXPECT_EQ(sum, 50'000L * 49'999);
}

TEST_P(ServiceStreams, LetAFunctionBeCalledBackInTheCallersThread) {
    client there = connect();
    const auto self = std::this_thread::get_id();
    bool elsewhere = false;
    const auto square = [&](int x) {
        elsewhere = elsewhere || std::this_thread::get_id() != self;
        return x * x;
    };
    EXPECT_EQ(there.call<int>("each", 10, square), 285);
    EXPECT_FALSE(elsewhere);
}

TEST_P(ServiceStreams, LetWhatIsCalledBackCallToo) {
    server_.serve_in_background(1);  // for the call within the call
    client there = connect();
    const auto add_one = [&](int x) { return there.call<int>("add", x, 1); };
    EXPECT_EQ(there.call<int>("each", 10, add_one), 55);
}

TEST_P(ServiceStreams, TellAServerWhatTheFunctionThrew) {
    client there = connect();
    const auto fail = [](int) -> int { throw std::domain_error{"not today"}; };
    try {
        there.call<int>("each", 3, fail);
        FAIL() << "it did not fail";
    } catch (const remote_error& e) {
        EXPECT_EQ(e.type(), "signet::remote_error");
        EXPECT_NE(e.text().find("not today"), std::string::npos) << e.text();
    }
}

TEST_P(ServiceStreams, LetAServerCallItsClient) {
    client there = connect();
    there.handle("name", [] { return std::string{"client"}; });
    EXPECT_EQ(there.call<std::string>("ask"), "client");
}

TEST_P(ServiceStreams, SayThatAClientHandlesNothing) {
    client there = connect();
    EXPECT_THROW(there.call("ask"), remote_error);
}

TEST_P(ServiceStreams, TakeResultsAsArgumentsOfABatch) {
    client there = connect();
    batch together{there};
    auto five = together.call<int>("add", 2, 3);
    auto ten = together.call<int>("add", five, 5);
    auto fifteen = together.call<int>("add", ten, five);
    together.send();
    EXPECT_EQ(fifteen.get(), 15);
    EXPECT_EQ(ten.get(), 10);
    EXPECT_EQ(five.get(), 5);
}

TEST_P(ServiceStreams, DoNotRunWhoseArgumentFailed) {
    client there = connect();
    batch together{there};
    auto none = together.call<int>("throw");
    auto more = together.call<int>("add", none, 5);
    together.send();
    try {
        more.get();
        FAIL() << "it ran";
    } catch (const call_error& e) {
        EXPECT_EQ(e.ran(), ran::no);
    }
    EXPECT_THROW(none.get(), remote_error);
}

TEST_P(ServiceStreams, CarryLargeBatches) {
    client there = connect();
    batch together{there};
    std::vector<async_result<int>> all;
    for (int i = 0; i < 200; ++i) all.push_back(together.call<int>("add", i, i));
    together.send();
    for (int i = 0; i < 200; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), 2 * i);
}

INSTANTIATE_TEST_SUITE_P(Over, ServiceStreams, ::testing::ValuesIn(carriers_of_services()),
                         scheme_of);

}  // namespace
}  // namespace signet::tests
