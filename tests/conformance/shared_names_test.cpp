// SPDX-License-Identifier: Apache-2.0
// Several servers of one name share the work and take over from each other: over each carrier that
// can, between real processes. What forks is not for the thread sanitizer.
#include "channel_carriers.hpp"

#include <signet/listener.hpp>
#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/failures.hpp>
#include <signet/testing/forked_peer.hpp>
#include <signet/testing/shared_page.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::complaint_of;
using testing::eventually;
using testing::forked_peer;

constexpr std::size_t clients_wanted = 30;
constexpr int calls_max = 1'000'000;
constexpr server_options sharing{.name = name_use::shared};

/// How often each call ran, as the servers say.
struct log_of_calls {
    std::atomic<int> began[calls_max];
};

class SharedNames : public ::testing::TestWithParam<const transport::carrier*> {
protected:
    using peer = std::unique_ptr<forked_peer>;

    /// A server in a process of its own; it listens.
    peer start() {
        auto started = std::make_unique<forked_peer>([this] { return serve(); });
        if (!eventually([&] { return *ready_ > listening_; })) {
            throw std::runtime_error{"it does not listen"};
        }
        ++listening_;
        return started;
    }

    std::vector<peer> start(std::size_t number) {
        std::vector<peer> all;
        while (all.size() < number) all.push_back(start());
        return all;
    }

    /// Says who works. A call of "end" is its last one.
    int serve() {
        server works{where_, sharing};
        works.handle("work", [&](int number) {
            ++log_->began[number];
            return getpid();
        });
        works.handle("end", [&] { works.stop(); });
        ++*ready_;
        works.serve();
        return 0;
    }

    /// Works on until `enough`. What calls failed by; of each it must be true whether it ran.
    std::vector<std::string> work(client& of, const std::function<bool(int worked)>& enough) {
        std::vector<std::string> failures;
        for (int worked = 0; !enough(worked);) {
            const int number = ++numbers_;
            try {
                of.call<int>("work", number);
                ++worked;
            } catch (const call_error& e) {
                failures.emplace_back(e.what());
                EXPECT_LE(log_->began[number], e.ran() == ran::no ? 0 : 1) << e.what();
            }
        }
        return failures;
    }

    testing::shared_page<log_of_calls> log_;
    testing::shared_page<std::atomic<int>> ready_;
    int listening_ = 0;
    std::atomic<int> numbers_{0};
    address_book book_{GetParam()->facts()};
    const std::string where_ = book_.address();  // the same for all processes
};

TEST_P(SharedNames, GiveEachOfThemWork) {
    const auto servers = start(3);
    std::vector<client> clients;
    std::set<int> workers;
    EXPECT_TRUE(eventually([&] {
        workers.insert(clients.emplace_back(where_).call<int>("work", 1));
        return clients.size() >= clients_wanted && workers.size() == servers.size();
    }));
}

TEST_P(SharedNames, LoseAtMostOneCallOfAClientWithAServerThatIsKilled) {
    const auto servers = start(3);
    std::atomic<std::size_t> at_work{0};
    std::atomic<bool> killed{false};
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < clients_wanted; ++i) {
        threads.emplace_back([&] {
            client mine{where_};
            mine.call<int>("work", ++numbers_);
            ++at_work;
            const auto failures = work(mine, [&](int worked) { return killed && worked > 20; });
            EXPECT_LE(failures.size(), 1u) << ::testing::PrintToString(failures);
        });
    }
    EXPECT_TRUE(eventually([&] { return at_work == clients_wanted; }));
    servers[1]->kill();
    killed = true;
}

TEST_P(SharedNames, ServeAgainAfterAllWereKilledAndOneIsStarted) {
    std::optional<client> works;
    {
        const auto servers = start(3);
        works.emplace(where_);
        works->call("work", 1);
    }
    EXPECT_NE(complaint_of([&] { works->call("work", 2); }), "no error");
    EXPECT_NE(complaint_of([&] { client{where_}; }), "no error");
    const peer next = start();
    EXPECT_EQ(works->call<int>("work", 3), next->pid());
}

TEST_P(SharedNames, HandOverWhatOneDidThatEndsInOrder) {
    auto servers = start(2);
    client works{where_};
    const int first = works.call<int>("work", ++numbers_);
    works.call("end");
    const bool was_first = servers[0]->pid() == first;
    EXPECT_EQ(servers[was_first ? 0 : 1]->exit_code(), 0);
    EXPECT_LE(work(works, [](int worked) { return worked == 20; }).size(), 1u);
    EXPECT_EQ(works.call<int>("work", ++numbers_), servers[was_first ? 1 : 0]->pid());
}

TEST_P(SharedNames, CanBeOwnedAgainWhenNobodySharesThemAnyMore) {
    start(2);  // and killed
    server alone{where_};
    alone.serve_in_background(1);
    EXPECT_EQ(complaint_of([&] { client{where_}; }), "no error");
}

TEST_P(SharedNames, RefuseOneThatDoesNotShare) {
    const server first{where_, sharing};
    const std::string text = complaint_of([&] { server{where_}; });
    EXPECT_NE(text.find("each of them says so (name_use::shared)"), std::string::npos) << text;
}

TEST_P(SharedNames, AreRefusedToOneThatSharesWhereAnotherDoesNot) {
    const server first{where_};
    const std::string text = complaint_of([&] { server{where_, sharing}; });
    EXPECT_NE(text.find("each of them says so (name_use::shared)"), std::string::npos) << text;
}

/// Whether somebody came, which is noted.
bool takes_one(raw_listener& door, bool& has) {
    const bool came = door.try_accept().has_value();
    has = has || came;
    return came;
}

TEST_P(SharedNames, AreForListenersOfChannelsToo) {
    const channel_options both{.name = name_use::shared};
    raw_listener first{where_, both};
    raw_listener second{where_, both};
    bool first_has = false;
    bool second_has = false;
    EXPECT_TRUE(eventually([&] {
        const std::jthread caller{[&] { complaint_of([&] { raw_channel{where_}; }); }};
        eventually([&] { return takes_one(first, first_has) || takes_one(second, second_has); });
        return first_has && second_has;
    }));
}

std::vector<const transport::carrier*> those_that(bool share) {
    auto all = carriers_with_listeners();
    std::erase_if(all, [=](const auto* one) { return one->facts().shares_names != share; });
    return all;
}

INSTANTIATE_TEST_SUITE_P(Over, SharedNames, ::testing::ValuesIn(those_that(true)), scheme_of);

class UnsharedNames : public ::testing::TestWithParam<const transport::carrier*> {};

TEST_P(UnsharedNames, SayWhichCarriersShareThem) {
    const address_book book{GetParam()->facts()};
    const auto listen = [&] { raw_listener{book.address(), {.name = name_use::shared}}; };
    EXPECT_NE(complaint_of(listen).find("one process listens; several may with shm, unix, tcp"),
              std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Over, UnsharedNames, ::testing::ValuesIn(those_that(false)), scheme_of);

}  // namespace
}  // namespace signet::tests
