// SPDX-License-Identifier: Apache-2.0
// Where services meet their limits, and where several threads of a server meet: calls that wait for
// each other, for their callers, or for somebody to run them.
#include "../hostile/foreign_end.hpp"

#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/temporary_directory.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

using testing::eventually;

stream<int> count_to(int end) {
    for (int i = 0; i < end; ++i) co_yield i;
}

std::ptrdiff_t open_files() {
    const std::filesystem::directory_iterator files{"/proc/self/fd"};
    return std::distance(begin(files), end(files));
}

ran fate_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const call_error& e) {
        return e.ran();
    }
    ADD_FAILURE() << "it did not fail";
    return ran::maybe;
}

class ServiceLimits : public ::testing::Test {
protected:
    ServiceLimits() {
        server_.handle("add", [](int a, int b) { return a + b; });
        server_.handle("count", count_to);
        server_.handle("fail", []() -> int { throw std::runtime_error{"no number"}; });
        server_.handle("mark", [this] { marked_ = true; });
        server_.handle("await mark", [this](int x) {
            began_ = true;
            EXPECT_TRUE(eventually([this] { return marked_.load(); }));
            return x;
        });
        server_.handle("ask", [](const std::function<int(int)>& work, int x) { return work(x); });
        server_.handle("drain", [this](stream<int> items) {
            began_ = true;
            for (const int one : items) static_cast<void>(one);
            complete_ = true;
        });
    }

    client connect() const { return client{server_.address()}; }
    foreign_end connect_by_hand() const {
        return foreign_end{raw_channel{server_.address(), {.frames = framing::bytes}}};
    }

    testing::temporary_directory place_;
    std::atomic<bool> marked_ = false;
    std::atomic<bool> began_ = false;
    std::atomic<bool> complete_ = false;
    server server_{"unix://" + place_.path() + "/service",
                   {.calls_per_client_max = 3, .descriptors_max = 2}};
};

TEST_F(ServiceLimits, KeepAResultUntilAllThatACallWaitsForIsThere) {
    server_.serve_in_background(2);
    client there = connect();
    batch together{there};
    auto slow = together.call<int>("await mark", 1);
    auto fast = together.call<int>("add", 2, 3);
    auto both = together.call<int>("add", fast, slow);
    together.call("mark");
    together.send();
    there.call("mark");
    EXPECT_EQ(both.get(), 6);
}

TEST_F(ServiceLimits, WaitForNoCallOfABatchThatWasNotSent) {
    server_.serve_in_background(1);
    client there = connect();
    batch together{there};
    auto five = together.call<int>("add", 2, 3);
    EXPECT_THROW(five.get(), contract_violation);
    together.send();
    EXPECT_EQ(five.get(), 5);
}

TEST_F(ServiceLimits, KeepAResultUntilItIsLookedAtOnTheNextConnection) {
    const std::string where = "unix://" + place_.path() + "/again";
    const auto serve = [&] {
        auto serving = std::make_unique<server>(where);
        serving->handle("add", [](int a, int b) { return a + b; });
        serving->serve_in_background(1);
        return serving;
    };
    auto serving = serve();
    client there{where};
    auto first = there.async_call<int>("add", 1, 2);
    EXPECT_EQ(there.call<int>("add", 2, 3), 5);
    serving.reset();
    serving = serve();
    EXPECT_EQ(there.call<int>("add", 3, 4), 7);
    EXPECT_EQ(first.get(), 3);
    EXPECT_EQ(there.call<int>("add", 4, 5), 9);
}

TEST_F(ServiceLimits, DoNotKeepWhatWasForCallsThatFailed) {
    server_.serve_in_background(1);
    client there = connect();
    for (int i = 0; i < 20; ++i) {
        batch together{there};
        auto good = together.call<int>("add", 2, 3);
        auto bad = together.call<int>("fail");
        auto both = together.call<int>("add", good, bad);
        together.send();
        EXPECT_EQ(fate_of([&] { both.get(); }), ran::no);
    }
    batch together{there};
    auto five = together.call<int>("add", 2, 3);
    auto ten = together.call<int>("add", five, 5);
    together.send();
    EXPECT_EQ(ten.get(), 10);
}

TEST_F(ServiceLimits, AnswerBeforeASlowCallBegins) {
    server_.handle("slow", [this](int x) {
        const deadline no_sooner = after(std::chrono::milliseconds{1});
        EXPECT_TRUE(eventually([&] { return marked_ && clock::now() >= no_sooner; }));
        return x;
    });
    server_.serve_in_background(1);
    foreign_end there = connect_by_hand();
    for (int round = 0; round < 20; ++round) {
        marked_ = false;
        frame_text both = request(1, "add", {}, 2, 3);
        const frame_text slow = request(2, "slow", {}, 7);
        both.insert(both.end(), slow.begin(), slow.end());
        ASSERT_TRUE(there.send(both));
        ASSERT_TRUE(there.answer_to(1));
        marked_ = true;
        ASSERT_TRUE(there.answer_to(2));
    }
}

TEST_F(ServiceLimits, RunWhatArrivesWhileOthersWaitForTheirCallers) {
    server_.serve_in_background(3);
    client there = connect();
    for (int round = 0; round < 30; ++round) {
        std::atomic<int> asked = 0;
        std::atomic<bool> answered = false;
        const auto asks = [&] {
            connect().call<int>(
                "ask",
                [&](int x) {
                    ++asked;
                    EXPECT_TRUE(eventually([&] { return answered.load(); }));
                    return x;
                },
                1);
        };
        const std::jthread first{asks};
        const std::jthread second{asks};
        ASSERT_TRUE(eventually([&] { return asked == 2; }));
        ASSERT_EQ(there.call<int>("add", 2, 3), 5);
        answered = true;
    }
}

TEST_F(ServiceLimits, ReadTheAnswersOfCallersWhoCallAsMuchAsTheyMay) {
    server_.serve_in_background(3);
    client there = connect();
    const auto same = [](int x) { return x; };
    std::vector<async_result<int>> all;
    for (int i = 0; i < 5; ++i) all.push_back(there.async_call<int>("ask", same, i));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)].get(), i);
}

TEST_F(ServiceLimits, EndAMethodThatWaitsForACallerWhoGaveUp) {
    server_.handle("ask for ever", [this](const std::function<int(int)>& work) {
        try {
            work(0);
        } catch (const error&) {
            complete_ = true;
        }
    });
    server_.serve_in_background(2);
    client there = connect();
    {
        const auto given_up = there.async_call("ask for ever", [](int x) { return x; });
        EXPECT_TRUE(eventually([&] { return server_.counts().clients == 1; }));
        there.call<int>("add", 2, 3);
    }
    EXPECT_TRUE(eventually([&] { return complete_.load(); }));
    EXPECT_EQ(there.call<int>("add", 2, 3), 5);
}

TEST_F(ServiceLimits, DoNotTakeACancelledStreamForAWholeOne) {
    server_.serve_in_background(2);
    client there = connect();
    stream_writer<int> items;
    {
        const auto given_up = there.async_call("drain", items);
        EXPECT_TRUE(items.write(1));
        EXPECT_TRUE(eventually([&] { return began_.load(); }));
    }
    EXPECT_TRUE(eventually([&] { return !items.write(2); }));
    EXPECT_FALSE(complete_);
}

TEST_F(ServiceLimits, EndThoughACallerNeverSendsWhatAMethodWaitsFor) {
    server_.serve_in_background(2);
    client there = connect();
    stream_writer<int> items;
    const auto held = there.async_call("drain", items);
    EXPECT_TRUE(eventually([&] { return began_.load(); }));
    server_ = server{"unix://" + place_.path() + "/another"};  // the destructor waits for all
    EXPECT_FALSE(complete_);
}

TEST_F(ServiceLimits, LeaveNothingOfAStreamThatNobodyIsToldOf) {
    server_.serve_in_background(1);
    connect().call<int>("add", 2, 3);
    EXPECT_TRUE(eventually([&] { return server_.counts().clients == 0; }));
    const std::ptrdiff_t before = open_files();
    for (int i = 0; i < 20; ++i) connect().notify("count", 5);
    EXPECT_TRUE(eventually([&] { return server_.counts().served == 21; }));
    EXPECT_TRUE(eventually([&] { return open_files() <= before; }));
}

TEST_F(ServiceLimits, LeaveNothingOfAConnectionThatAStreamWasWrittenOn) {
    const std::string where = "unix://" + place_.path() + "/mortal";
    auto mortal = std::make_unique<server>(where);
    mortal->handle("drain", [](stream<int> items) { items.next(); });
    mortal->serve_in_background(1);
    client there{where};
    for (int i = 0; i < 3; ++i) {
        std::optional held{there.async_call("drain", count_to(1'000'000'000))};
        const std::ptrdiff_t before = open_files();
        mortal = nullptr;
        held.reset();
        mortal = std::make_unique<server>(where);
        mortal->handle("add", [](int a, int b) { return a + b; });
        mortal->serve_in_background(1);
        EXPECT_TRUE(eventually([&] {
            try {
                return there.call<int>("add", 2, 3) == 5;
            } catch (const call_error&) {
                return false;
            }
        }));
        EXPECT_TRUE(eventually([&] { return open_files() <= before; })) << open_files();
    }
}

TEST_F(ServiceLimits, TurnNobodyAwayForCallsOfWhoHasGone) {
    server narrow{"unix://" + place_.path() + "/narrow", {.queue_max = 3}};
    narrow.handle("await mark", [this](int x) {
        EXPECT_TRUE(eventually([this] { return marked_.load(); }));
        return x;
    });
    narrow.serve_in_background(2);
    client holds{narrow.address()};
    auto held = holds.async_call<int>("await mark", 1);
    {
        client leaves{narrow.address()};
        auto also_held = leaves.async_call<int>("await mark", 2);
        for (int i = 0; i < 3; ++i) leaves.notify("await mark", i);
    }
    marked_ = true;
    EXPECT_EQ(held.get(), 1);
    EXPECT_EQ(client{narrow.address()}.call<int>("await mark", 3), 3);
}

TEST_F(ServiceLimits, ServeTheUsualBesideTheUrgent) {
    server_.serve_in_background(1);
    client usual = connect();
    std::atomic<bool> enough = false;
    const std::jthread floods{[&] {
        foreign_end there = connect_by_hand();
        there.send(hello());
        there.answer_to(0);
        frame_text calls;
        for (int i = 0; i < 64; ++i) {
            const frame_text one = request(9, "add", {.priority = 255}, 1, 2);
            calls.insert(calls.end(), one.begin(), one.end());
        }
        while (!enough && there.send(calls)) {
            for (int i = 0; i < 64; ++i) there.answer_to(9);
        }
    }};
    for (int i = 0; i < 100; ++i) EXPECT_EQ(usual.call<int>("add", 2, 3), 5);
    enough = true;
}

TEST_F(ServiceLimits, CarryStreamsAndOpenFilesInABatch) {
    server_.handle("sum", [](stream<int> items) {
        int sum = 0;
        for (const int one : items) sum += one;
        return sum;
    });
    server_.handle("is open", [](const os::descriptor& file) { return file.get() >= 0; });
    server_.serve_in_background(1);
    client there = connect();
    batch together{there};
    auto sum = together.call<int>("sum", count_to(10));
    auto twice = together.call<int>("add", sum, sum);
    const os::descriptor file = os::duplicate(0);
    auto open = together.call<bool>("is open", file);
    together.send();
    EXPECT_TRUE(open.get());
    EXPECT_EQ(twice.get(), 90);
}

TEST_F(ServiceLimits, RefuseAStreamThatIsAnArgumentOfTwoCalls) {
    server_.serve_in_background(1);
    client there = connect();
    stream_writer<int> items;
    const auto first = there.async_call("drain", items);
    EXPECT_THROW(there.async_call("drain", items), contract_violation);
}

TEST_F(ServiceLimits, LetWhatIsCalledBackGiveAStream) {
    server_.handle("sum of", [](const std::function<stream<int>()>& numbers) {
        int sum = 0;
        for (const int one : numbers()) sum += one;
        return sum;
    });
    server_.serve_in_background(1);
    EXPECT_EQ(connect().call<int>("sum of", [] { return count_to(10); }), 45);
}

// With several threads, for one may send an item while another one has the next ones.
TEST_F(ServiceLimits, KeepTheOrderOfAStream) {
    server_.serve_in_background(4);
    client there = connect();
    for (int round = 0; round < 5; ++round) {
        int next = 0;
        for (const int one : there.call<stream<int>>("count", 100'000)) ASSERT_EQ(one, next++);
        EXPECT_EQ(next, 100'000);
    }
}

}  // namespace
}  // namespace signet::tests
