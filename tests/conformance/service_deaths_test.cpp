// SPDX-License-Identifier: Apache-2.0
// What callers and servers learn of a death, and that it is true: each carrier, real processes.
// Apart from service_conformance_test.cpp, since what forks is not for the thread sanitizer.
#include "channel_carriers.hpp"

#include <signet/service.hpp>
#include <signet/testing/eventually.hpp>
#include <signet/testing/forked_peer.hpp>

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::forked_peer;

constexpr int calls_max = 1'000'000;

/// What really ran, as the processes of a test say.
struct log_of_calls {
    std::atomic<int> began[calls_max];
    std::atomic<int> ended[calls_max];
};

class shared_log {
public:
    shared_log()
        : log_{new(mmap(nullptr, sizeof(log_of_calls), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) log_of_calls} {}
    ~shared_log() { munmap(log_, sizeof(log_of_calls)); }
    shared_log(const shared_log&) = delete;
    shared_log& operator=(const shared_log&) = delete;

    log_of_calls* operator->() const { return log_; }

private:
    log_of_calls* log_;
};

class ServiceDeaths : public ::testing::TestWithParam<const transport::carrier*> {
protected:
    /// Serves `work`, a call's number, until it is killed: so long after the first call.
    int serve(std::chrono::microseconds life) const {
        std::jthread death;
        server works{where_};
        works.handle("work", [&](int number) {
            ++log_->began[number];
            if (life != 0us && !death.joinable()) death = killer(life);
            ++log_->ended[number];
            return number;
        });
        works.handle("die", [](int) { raise(SIGKILL); });
        works.serve();
        return 0;
    }

    static std::jthread killer(std::chrono::microseconds life) {
        return std::jthread{[life] {
            std::this_thread::sleep_for(life);
            kill(getpid(), SIGKILL);
        }};
    }

    client connect() const {
        std::optional<client> found;
        std::string complaint;
        eventually([&] {
            try {
                return found.emplace(where_), true;
            } catch (const error& e) {
                complaint = e.what();
                return false;
            }
        });
        if (!found) throw std::runtime_error{complaint};
        return std::move(*found);
    }

    /// What the server's log says of a call that failed.
    void expect_truth(int number, ran told) const {
        const int began = log_->began[number];
        if (told == ran::no) {
            EXPECT_EQ(began, 0) << number;
        }
        if (told == ran::yes) {
            EXPECT_EQ(log_->ended[number], 1) << number;
        }
        EXPECT_LE(began, 1) << number;
    }

    shared_log log_;
    address_book book_{GetParam()->facts()};
    const std::string where_ = book_.address();  // the same for all processes
};

std::optional<ran> fate_of(client& of, const char* method, int number) {
    try {
        of.call(method, number);
        return std::nullopt;
    } catch (const call_error& e) {
        return e.ran();
    }
}

TEST_P(ServiceDeaths, AreMaybeForACallThatRan) {
    forked_peer victim{[this] { return serve(0us); }};
    client works = connect();
    EXPECT_EQ(fate_of(works, "die", 1), ran::maybe);
}

TEST_P(ServiceDeaths, DoNotKeepTheNextCallFromAnotherServer) {
    client works = [this] {
        forked_peer victim{[this] { return serve(0us); }};
        client connected = connect();
        EXPECT_EQ(fate_of(connected, "die", 1), ran::maybe);
        return connected;
    }();
    EXPECT_EQ(fate_of(works, "work", 2), ran::no);  // nobody serves
    forked_peer next{[this] { return serve(0us); }};
    EXPECT_TRUE(eventually([&] { return !fate_of(works, "work", 3); }));
    EXPECT_EQ(log_->ended[3], 1);
}

TEST_P(ServiceDeaths, AreToldTruly) {
    int number = 0;
    for (int round = 0; round < 20; ++round) {
        forked_peer victim{[this, round] { return serve(1ms + 137us * (round % 7)); }};
        client works = connect();
        std::optional<ran> fate;
        while (!(fate = fate_of(works, "work", ++number))) EXPECT_EQ(log_->ended[number], 1);
        expect_truth(number, *fate);
    }
}

TEST_P(ServiceDeaths, AreToldTrulyToManyCallsAtOnce) {
    int number = 0;
    for (int round = 0; round < 10; ++round) {
        forked_peer victim{[this, round] { return serve(1ms + 137us * (round % 7)); }};
        client works = connect();
        std::vector<std::pair<int, async_result<int>>> all;
        try {
            while (all.size() < 10'000) {
                ++number;
                all.emplace_back(number, works.async_call<int>("work", number));
            }
        } catch (const call_error& e) {
            expect_truth(number, e.ran());
        }
        for (auto& [of, result] : all) {
            try {
                EXPECT_EQ(result.get(), of);
            } catch (const call_error& e) {
                expect_truth(of, e.ran());
            }
        }
    }
}

TEST_P(ServiceDeaths, OfAClientCancelItsCalls) {
    std::optional<forked_peer> victim;
    bool stopped = false;
    server holds{where_};
    holds.handle("hold", [&] {
        const std::stop_token stop = current_call()->stop_token();
        victim->kill();
        stopped = eventually([&] { return stop.stop_requested(); });
        holds.stop();
    });
    victim.emplace([where = holds.address()] { return client{where}.call("hold"), 0; });
    holds.serve();
    EXPECT_TRUE(stopped);
}

INSTANTIATE_TEST_SUITE_P(Over, ServiceDeaths, ::testing::ValuesIn(carriers_of_service_processes()),
                         scheme_of);

}  // namespace
}  // namespace signet::tests
