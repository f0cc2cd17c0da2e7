// SPDX-License-Identifier: Apache-2.0
// Calls that a server receives and answers by hand, over each carrier that goes both ways: late,
// from other threads, by other servers; and pulses.
#include "channel_carriers.hpp"

#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::eventually;

struct failure {
    ran did;
    std::string text;
};

template <class... Args>
failure failure_of(client& there, const char* method, const Args&... args) {
    try {
        there.call<int>(method, args...);
    } catch (const call_error& e) {
        return {e.ran(), e.what()};
    }
    throw std::logic_error{"the call did not fail"};
}

stream<int> count_to(int end) {
    for (int i = 0; i < end; ++i) co_yield i;
}

/// Requests that are answered by and by.
class shelf {
public:
    void put(request one) {
        const std::lock_guard locked{mutex_};
        held_.push_back(std::move(one));
    }
    request take() {
        EXPECT_TRUE(eventually([this] { return size() != 0; }));
        const std::lock_guard locked{mutex_};
        request last = std::move(held_.back());
        held_.pop_back();
        return last;
    }
    std::size_t size() {
        const std::lock_guard locked{mutex_};
        return held_.size();
    }

private:
    std::mutex mutex_;
    std::vector<request> held_;
};

/// A server whose one thread gives what it receives to a function.
class receiver {
public:
    receiver(const std::string& where, std::function<void(request)> body,
             const server_options& options = {})
        : server_{where, options}, thread_{[this, body = std::move(body)] {
              while (auto next = server_.receive()) body(std::move(*next));
          }} {}
    /// The same, which keeps what it receives.
    explicit receiver(const std::string& where, const server_options& options = {})
        : receiver{where, [this](request one) { held_.put(std::move(one)); }, options} {}

    ~receiver() { server_.stop(); }
    receiver(const receiver&) = delete;
    receiver& operator=(const receiver&) = delete;

    client connect(std::uint8_t priority = 0) const {
        return client{server_.address(), {.descriptors_max = 1, .priority = priority}};
    }
    server& engine() { return server_; }
    shelf& held() { return held_; }

private:
    server server_;
    shelf held_;  // what is in it goes before the server
    std::jthread thread_;
};

class ServiceRequests : public ::testing::TestWithParam<const transport::carrier*> {
protected:
    std::string address(int number = 0) const { return book_.address(number); }

private:
    address_book book_{GetParam()->facts()};
};

TEST_P(ServiceRequests, AreAnsweredByHand) {
    receiver sums{address(), [](request one) {
                      const auto [a, b] = *one.arguments<int, int>();
                      one.reply(one.method() == "add" ? a + b : a - b);
                  }};
    client there = sums.connect();
    EXPECT_EQ(there.call<int>("add", 2, 3), 5);
    EXPECT_EQ(there.call<int>("subtract", 2, 3), -1);
}

TEST_P(ServiceRequests, AreAnsweredByAFunction) {
    receiver sums{address(), [](request one) { one.answer([](int a, int b) { return a + b; }); }};
    client there = sums.connect();
    EXPECT_EQ(there.call<int>("add", 2, 3), 5);
    EXPECT_EQ(failure_of(there, "add", "two").did, ran::no);
}

TEST_P(ServiceRequests, TellWhatAFunctionThrew) {
    receiver throws{address(), [](request one) {
                        one.answer([]() -> int { throw std::out_of_range{"enough"}; });
                    }};
    client there = throws.connect();
    const failure got = failure_of(there, "anything");
    EXPECT_EQ(got.did, ran::yes);
    EXPECT_NE(got.text.find("std::out_of_range: enough"), std::string::npos);
}

TEST_P(ServiceRequests, ThatDoNotFitAreAnsweredByThat) {
    receiver sums{address(), [](request one) {
                      if (one.arguments<int, int>()) return one.reply(0);
                      EXPECT_THROW(one.reply(5), contract_violation);
                  }};
    client there = sums.connect();
    EXPECT_EQ(failure_of(there, "add", "two").did, ran::no);
    EXPECT_EQ(there.call<int>("add", 2, 3), 0);
}

TEST_P(ServiceRequests, ThatNobodyAnswersAreToldSo) {
    receiver silent{address(), [](request) {}};
    client there = silent.connect();
    const failure got = failure_of(there, "add", 2, 3);
    EXPECT_EQ(got.did, ran::maybe);
    EXPECT_NE(got.text.find("did not answer"), std::string::npos);
}

TEST_P(ServiceRequests, FailAsTheyAreTold) {
    receiver files{address(), [](request one) { one.fail("no_such_file", "there is no x"); }};
    client there = files.connect();
    const failure got = failure_of(there, "open", "x");
    EXPECT_EQ(got.did, ran::yes);
    EXPECT_NE(got.text.find("no_such_file: there is no x"), std::string::npos);
}

TEST_P(ServiceRequests, AreAnsweredLateAndInAnyOrder) {
    receiver later{address()};
    shelf& held = later.held();
    client there = later.connect();
    std::vector<async_result<int>> results;
    for (int i = 0; i < 10; ++i) results.push_back(there.async_call<int>("later", i));
    ASSERT_TRUE(eventually([&] { return held.size() == 10; }));
    for (int i = 0; i < 10; ++i) held.take().answer([](int number) { return 10 * number; });
    for (int i = 0; i < 10; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), 10 * i);
}

TEST_P(ServiceRequests, AreAnsweredByOtherThreads) {
    receiver elsewhere{address(), [](request one) {
                           std::jthread{[answered = std::move(one)]() mutable {
                               answered.reply("elsewhere");
                           }}.join();  // the server outlives what it received
                       }};
    client there = elsewhere.connect();
    EXPECT_EQ(there.call<std::string>("where"), "elsewhere");
}

TEST_P(ServiceRequests, AreAnsweredByStreams) {
    receiver counts{address(), [](request one) { one.answer(count_to); }};
    client there = counts.connect();
    int sum = 0;
    for (const int one : there.call<stream<int>>("count", 100)) sum += one;
    EXPECT_EQ(sum, 4950);
}

TEST_P(ServiceRequests, EndWithAStopAndWithTheTime) {
    server nobody{address()};
    EXPECT_FALSE(nobody.receive_for(1ms));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(nobody.receive(stop.get_token()));
}

TEST_P(ServiceRequests, AreToldWhenNobodyWaitsAnyMore) {
    receiver holds{address()};
    shelf& held = holds.held();
    client there = holds.connect();
    std::optional<async_result<int>> result = there.async_call<int>("hold");
    const request one = held.take();
    const std::stop_token stop = one.stop_token();
    EXPECT_FALSE(stop.stop_requested());
    result.reset();
    EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
}

TEST_P(ServiceRequests, ThatAreHeldHoldTheirClientBack) {
    receiver strict{address(), {.calls_per_client_max = 2}};
    shelf& held = strict.held();
    client there = strict.connect();
    client other = strict.connect();
    std::vector<async_result<int>> results;
    for (int i = 0; i < 2; ++i) results.push_back(there.async_call<int>("hold", i));
    ASSERT_TRUE(eventually([&] { return held.size() == 2; }));
    results.push_back(there.async_call<int>("hold", 2));
    results.push_back(other.async_call<int>("hold", 3));
    EXPECT_TRUE(eventually([&] { return held.size() == 3; }));
    held.take().answer([](int number) { EXPECT_EQ(number, 3); });
    held.take().reply();
    EXPECT_TRUE(eventually([&] { return held.size() == 2; }));
}

// ---- how urgent ---------------------------------------------------------------------------------

/// Waits in what it receives first until it is let go, and then notes what it gets.
class gate {
public:
    void operator()(request one) {
        if (one.method() == "gate") {
            const std::stop_token read_meanwhile = one.stop_token();
            reached_ = true;
            eventually([this] { return open_.load(); });
            return one.reply();
        }
        const int what = one.is_pulse() ? one.code() : std::get<0>(*one.arguments<int>());
        const std::lock_guard locked{mutex_};
        came_.push_back({what, one.priority()});
    }
    bool reached() const {
        return eventually([this] { return reached_.load(); });
    }
    void open() { open_ = true; }
    std::vector<std::pair<int, int>> came(std::size_t count) {
        EXPECT_TRUE(eventually([&] {
            const std::lock_guard locked{mutex_};
            return came_.size() == count;
        }));
        const std::lock_guard locked{mutex_};
        return came_;
    }

private:
    std::atomic<bool> reached_ = false;
    std::atomic<bool> open_ = false;
    std::mutex mutex_;
    std::vector<std::pair<int, int>> came_;
};

TEST_P(ServiceRequests, ComeMostUrgentFirst) {
    gate order;
    receiver one{
        address(), [&](request next) { order(std::move(next)); }, {.strangers_priority_max = 255}};
    client usual = one.connect();
    client urgent = one.connect(5);
    client most = one.connect(200);
    auto waits = usual.async_call("gate");
    ASSERT_TRUE(order.reached());
    usual.notify("note", 1);
    most.pulse(7);
    urgent.notify("note", 1);
    EXPECT_TRUE(eventually([&] { return one.engine().counts().queued == 3; }));
    order.open();
    using all = std::vector<std::pair<int, int>>;
    EXPECT_EQ(order.came(3), (all{{7, 200}, {1, 5}, {1, 0}}));
}

TEST_P(ServiceRequests, AreNoMoreUrgentThanTheServerAllows) {
    receiver strict{address(), {.priority_max = 3, .strangers_priority_max = 3}};
    shelf& held = strict.held();
    client there = strict.connect(200);
    auto result = there.async_call("urgent");
    EXPECT_EQ(held.take().priority(), 3);
}

TEST_P(ServiceRequests, OfStrangersAreNotUrgent) {
    receiver usual{address()};
    shelf& held = usual.held();
    client there = usual.connect(200);
    auto result = there.async_call("urgent");
    const request one = held.take();
    EXPECT_EQ(one.priority(), one.caller().user ? 200 : 0);
}

TEST_P(ServiceRequests, LendTheirPriorityToTheCallsTheyMake) {
    const server_options trusts{.strangers_priority_max = 255};
    receiver second{address(1), trusts};
    shelf& held = second.held();
    client to_second = second.connect(2);
    receiver first{address(), [&](request one) { one.answer([&] { to_second.call("nested"); }); },
                   trusts};
    client there = first.connect(9);
    auto result = there.async_call("outer");
    request nested = held.take();
    EXPECT_EQ(nested.priority(), 9);
    nested.reply();
    result.get();
}

// ---- pulses -------------------------------------------------------------------------------------

TEST_P(ServiceRequests, MayBePulses) {
    receiver timers{address()};
    shelf& held = timers.held();
    client there = timers.connect();
    EXPECT_TRUE(there.pulse(-3, INT64_MAX));
    const request one = held.take();
    EXPECT_TRUE(one.is_pulse());
    EXPECT_EQ(one.code(), -3);
    EXPECT_EQ(one.value(), INT64_MAX);
}

TEST_P(ServiceRequests, ThatArePulsesRunAFunctionWhereCallsDo) {
    server both{address()};
    std::atomic<std::int64_t> sum = 0;
    both.on_pulse([&](int code, std::int64_t value) { sum += code * value; });
    both.serve_in_background(1);
    client there{both.address()};
    there.pulse(2, 3);
    there.pulse(4, 5);
    EXPECT_TRUE(eventually([&] { return sum == 26; }));
}

TEST_P(ServiceRequests, ThatArePulsesAndTooManyAreDroppedAndCounted) {
    gate order;
    const auto read_meanwhile = [&](request next) {
        if (!next.is_pulse()) next.stop_token();
        order(std::move(next));
    };
    receiver few{address(), read_meanwhile, {.pulses_per_client_max = 2}};
    client there = few.connect();
    auto waits = there.async_call("gate");
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(eventually([&] { return there.pulse(i); }));
    EXPECT_TRUE(eventually([&] { return few.engine().counts().pulses_dropped == 3; }));
    order.open();
    using all = std::vector<std::pair<int, int>>;
    EXPECT_EQ(order.came(2), (all{{0, 0}, {1, 0}}));
}

TEST_P(ServiceRequests, ThatArePulsesComeThoughTheirSenderLeaves) {
    gate order;
    receiver one{address(), [&](request next) { order(std::move(next)); }};
    client stays = one.connect();
    std::optional<client> leaves = one.connect();
    auto waits = stays.async_call("gate");
    leaves->pulse(7);
    leaves.reset();
    order.open();
    EXPECT_EQ(order.came(1).front().first, 7);
}

// ---- forwarding ---------------------------------------------------------------------------------

TEST_P(ServiceRequests, AreForwarded) {
    receiver second{address(1), [](request one) { one.answer([](int a) { return 2 * a; }); }};
    client to_second = second.connect();
    receiver first{address(), [&](request one) { one.forward(to_second); }};
    client there = first.connect();
    EXPECT_EQ(there.call<int>("double", 21), 42);
    EXPECT_EQ(failure_of(there, "double", "x").did, ran::no);
}

TEST_P(ServiceRequests, AreForwardedWhileTheirServerGoesOn) {
    receiver second{address(1)};
    shelf& held = second.held();
    client to_second = second.connect();
    receiver first{address(), [&](request one) {
                       if (one.method() == "far") return one.forward(to_second);
                       one.reply(1);
                   }};
    client there = first.connect();
    std::vector<async_result<int>> far;
    for (int i = 0; i < 20; ++i) far.push_back(there.async_call<int>("far", i));
    ASSERT_TRUE(eventually([&] { return held.size() == 20; }));
    EXPECT_EQ(there.call<int>("near"), 1);
    while (held.size() != 0) held.take().answer([](int number) { return number; });
    for (int i = 0; i < 20; ++i) EXPECT_EQ(far[static_cast<std::size_t>(i)].get(), i);
}

TEST_P(ServiceRequests, AreForwardedWithTheirTimeAndPriority) {
    const server_options trusts{.strangers_priority_max = 255};
    receiver second{address(1), trusts};
    shelf& held = second.held();
    client to_second = second.connect();
    receiver first{address(), [&](request one) { one.forward(to_second); }, trusts};
    client there = first.connect(9);
    const std::jthread caller{[&] { there.call_for(1h, "far"); }};
    request one = held.take();
    EXPECT_EQ(one.priority(), 9);
    EXPECT_LE(one.until(), after(1h));
    one.reply();
}

TEST_P(ServiceRequests, ThatWereForwardedAreCancelledThere) {
    receiver second{address(1)};
    shelf& held = second.held();
    client to_second = second.connect();
    receiver first{address(), [&](request one) { one.forward(to_second); }};
    client there = first.connect();
    std::optional<async_result<int>> result = there.async_call<int>("far");
    const request one = held.take();
    const std::stop_token stop = one.stop_token();
    result.reset();
    EXPECT_TRUE(eventually([&] { return stop.stop_requested(); }));
}

TEST_P(ServiceRequests, AreForwardedToWhoServesNow) {
    const auto answers = [](int number) { return [number](request one) { one.reply(number); }; };
    std::optional<receiver> second{std::in_place, address(1), answers(1)};
    client to_second = second->connect();
    receiver first{address(), [&](request one) { one.forward(to_second); }};
    client there = first.connect();
    EXPECT_EQ(there.call<int>("far"), 1);
    second.reset();
    EXPECT_NE(failure_of(there, "far").did, ran::yes);
    second.emplace(address(1), answers(2));
    EXPECT_EQ(there.call<int>("far"), 2);
}

TEST_P(ServiceRequests, ThatCannotLeaveTheirConnectionAreNotForwarded) {
    receiver second{address(1), [](request one) { one.reply(1); }};
    client to_second = second.connect();
    receiver first{address(), [&](request one) { one.forward(to_second); }};
    client there = first.connect();
    try {
        there.call<int>("sum", count_to(3));
        FAIL() << "it was forwarded";
    } catch (const call_error& e) {
        EXPECT_EQ(e.ran(), ran::no);
    }
}

TEST_P(ServiceRequests, ThatArePulsesAreForwardedToo) {
    receiver second{address(1)};
    shelf& held = second.held();
    client to_second = second.connect();
    receiver first{address(), [&](request one) { one.forward(to_second); }};
    first.connect().pulse(7, 8);
    EXPECT_EQ(held.take().value(), 8);
}

TEST_P(ServiceRequests, AreForwardedToManyWhoComeAndGo) {
    receiver second{address(1), [](request one) { one.reply(1); }};
    receiver first{address(), [&](request one) {
                       const client once = second.connect();
                       one.forward(once);
                   }};
    client there = first.connect();
    for (int i = 0; i < 20; ++i) EXPECT_EQ(there.call<int>("far"), 1);
    EXPECT_TRUE(eventually([&] { return second.engine().counts().clients <= 2; }));
}

INSTANTIATE_TEST_SUITE_P(Over, ServiceRequests, ::testing::ValuesIn(carriers_of_services()),
                         scheme_of);

}  // namespace
}  // namespace signet::tests
