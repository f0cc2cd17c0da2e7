// SPDX-License-Identifier: Apache-2.0
// Threads of one process at the ends of a channel: one sends and one receives at each end, over
// every carrier; and who may not share an end is told so.
#include "../conformance/channel_carriers.hpp"

#include <signet/base/error.hpp>
#include <signet/listener.hpp>
#include <signet/loop.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <fstream>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

using testing::eventually;
using transport::carrier;

struct numbered {
    std::uint64_t number;
    std::string words;
};

/// Short ones, and some that no buffer takes at once.
numbered message(std::uint64_t number) {
    const std::size_t bytes = number % 100 == 7 ? 3000 : number % 50;
    return {number, std::string(bytes, static_cast<char>('a' + number % 26))};
}

class ChannelThreads : public ::testing::TestWithParam<const carrier*> {
protected:
    using line = channel<numbered>;

    ChannelThreads() {
        listener<numbered> door{book_.address()};
        auto connected =
            std::async(std::launch::async, [&, to = door.address()] { return line{to}; });
        server_.emplace(std::move(*door.accept()));
        client_.emplace(connected.get());
    }

    void send_all(line& to) const {
        for (std::uint64_t i = 0; i < each_; ++i) to.send(message(i));
    }
    /// How many came as they should.
    std::uint64_t receive_all(line& from) const {
        std::uint64_t right = 0;
        while (right < each_) {
            const auto got = from.receive();
            if (!got || !is_next(got->number, right) || got->words != message(got->number).words)
                break;
            ++right;
        }
        return right;
    }
    task<> receive_in(loop& here, std::uint64_t& right) {
        while (right < each_) {
            const auto got = co_await here.receive(*client_);
            if (!got || !is_next(got->number, right)) co_return;
            ++right;
        }
    }
    bool is_next(std::uint64_t number, std::uint64_t wanted) const {
        return number == wanted || !GetParam()->facts().ordered;
    }

    /// An unreliable carrier loses what a queue has no room for: it has room for these.
    const std::uint64_t each_ = GetParam()->facts().reliable ? 1000 : 50;

    address_book book_{GetParam()->facts()};
    std::optional<line> client_;
    std::optional<line> server_;
};

TEST_P(ChannelThreads, SendAndReceiveAtBothEndsAtOnce) {
    std::jthread first{[&] { send_all(*client_); }};
    std::jthread second{[&] { send_all(*server_); }};
    auto there = std::async(std::launch::async, [&] { return receive_all(*server_); });
    EXPECT_EQ(receive_all(*client_), each_);
    EXPECT_EQ(there.get(), each_);
}

TEST_P(ChannelThreads, EndAReceiveThatWaitsInAnotherThread) {
    auto waiting = std::async(std::launch::async, [&] { return server_->receive().has_value(); });
    client_.reset();
    EXPECT_FALSE(waiting.get());
    EXPECT_TRUE(server_->ended());
}

TEST_P(ChannelThreads, ConnectToOneThatAcceptsAndClosesAtOnce) {
    raw_listener door{book_.address(1)};
    for (int round = 0; round < 50; ++round) {
        const std::jthread other{[&] { door.accept(); }};
        const std::string told = testing::complaint_of([&] {
            raw_channel client{door.address()};
            EXPECT_FALSE(client.receive());
            EXPECT_TRUE(client.ended());
        });
        EXPECT_EQ(told, "no error");
    }
}

TEST_P(ChannelThreads, SendWhileALoopReceives) {
    std::jthread sender{[&] { send_all(*client_); }};
    std::jthread peer{[&] {
        for (std::uint64_t i = 0; i < each_; ++i) server_->send(*server_->receive());
    }};
    std::uint64_t right = 0;
    loop here;
    here.spawn(receive_in(here, right));
    here.run();
    EXPECT_EQ(right, each_);
}

/// What the mistake of the programmer is called; empty: there was none.
template <class Mistake>
std::string mistake_in(Mistake&& tried) try {
    tried();
    return {};
} catch (const contract_violation& mistake) {
    return mistake.what();
}

/// In the kernel: it is where it waits.
bool sleeps(pid_t thread) {
    std::ifstream stat{"/proc/self/task/" + std::to_string(thread) + "/stat"};
    std::string number;
    std::string name;
    char state = 0;
    stat >> number >> name >> state;
    return state == 'S';
}

TEST_P(ChannelThreads, AreToldWhereASecondOneReceives) {
    std::stop_source stop;
    std::atomic<pid_t> there = 0;
    std::thread first{[&] {
        there = gettid();
        while (!mistake_in([&] { server_->receive(stop.get_token()); }).empty()) continue;
    }};
    EXPECT_TRUE(eventually([&] { return there != 0 && sleeps(there); }));
    std::string mistake;
    EXPECT_TRUE(eventually([&] {
        mistake = mistake_in([&] { server_->try_receive(); });
        return !mistake.empty();
    }));
    EXPECT_EQ(mistake, "receive from a channel from which another thread is receiving");
    stop.request_stop();
    first.join();
    EXPECT_TRUE(client_->send(message(1)));
    EXPECT_EQ(server_->receive()->number, 1u);
}

TEST_P(ChannelThreads, AreToldWhereASecondOneAccepts) {
    raw_listener door{book_.address(1)};
    std::stop_source stop;
    std::atomic<pid_t> there = 0;
    std::thread first{[&] {
        there = gettid();
        while (!mistake_in([&] { door.accept(stop.get_token()); }).empty()) continue;
    }};
    EXPECT_TRUE(eventually([&] { return there != 0 && sleeps(there); }));
    EXPECT_TRUE(eventually([&] { return !mistake_in([&] { door.try_accept(); }).empty(); }));
    stop.request_stop();
    first.join();
}

/// A log has one direction: there is nothing that its two ends do at once.
std::vector<const carrier*> carriers_of_both_ways() {
    std::vector<const carrier*> all = carriers_with_listeners();
    std::erase_if(all, [](const carrier* one) { return !one->facts().both_ways; });
    return all;
}

INSTANTIATE_TEST_SUITE_P(Over, ChannelThreads, ::testing::ValuesIn(carriers_of_both_ways()),
                         scheme_of);

}  // namespace
}  // namespace signet::tests
