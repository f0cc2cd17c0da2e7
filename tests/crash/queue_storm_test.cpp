// SPDX-License-Identifier: Apache-2.0
// A storm in a queue: producers and consumers are killed at random moments, by SIGKILL, and others
// started in their place. What was accepted is delivered, whole, and in the order of its producer;
// all who survive get on; in the end every page is free. A short one for every run; SIGNET_KILLS
// makes it longer, SIGNET_SEED another one.
#include "../actors/actor.hpp"
#include "last_words.hpp"

#include <signet/pattern/queue/queue_core.hpp>
#include <signet/testing/eventually.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <random>

namespace signet::tests {
namespace {

using namespace std::chrono_literals;
using pattern::queue_core;
using pattern::wait_outcome;
using testing::eventually;

constexpr std::size_t producers = 3;
constexpr std::size_t consumers = 3;
constexpr std::size_t places = producers + consumers;
constexpr std::uint64_t window = 1 << 16;  // more than the queue holds

/// In memory of all.
struct board {
    std::array<std::atomic<std::uint64_t>, places> done;
    std::array<std::atomic<std::uint64_t>, producers> accepted;
    std::array<std::array<std::atomic<std::uint64_t>, window>, producers> received;  ///< number + 1
    std::array<char, 128> fault;

    void note(const char* what) { std::snprintf(fault.data(), fault.size(), "%s", what); }
};

board& shared_board() {
    static void* const memory =
        mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return *static_cast<board*>(memory);
}

long wanted(const char* name, long otherwise) {
    const char* const text = std::getenv(name);
    return text != nullptr ? std::atol(text) : otherwise;
}

std::shared_ptr<queue_core> open_storm() {
    return queue_core::open_or_create(
        pattern::queue_place::named("storm"),
        {.bytes = 1 << 19, .message_bytes_max = 12000, .priorities = 1, .seats = 16});
}

struct message_head {
    std::uint64_t producer;
    std::uint64_t number;
    std::uint64_t process;  ///< each that is started anew is another producer, with another order
};

/// From nothing but its head to more than a page, filled with what follows from its number.
std::vector<std::byte> message_at(std::uint64_t producer, std::uint64_t number, pid_t process) {
    const std::uint64_t more = number % 97 == 0 ? 9000 : number % 13 * 20;
    std::vector<std::byte> bytes(sizeof(message_head) + more, static_cast<std::byte>(number));
    const message_head head{producer, number, static_cast<std::uint64_t>(process)};
    std::memcpy(bytes.data(), &head, sizeof head);
    return bytes;
}

void require(bool holds, const char* what) {
    if (holds) return;
    shared_board().note(what);
    _exit(1);
}

void produce(std::size_t place) {
    board& all = shared_board();
    const auto queue = open_storm();
    for (;;) {
        const std::uint64_t number = all.accepted[place];
        // Whoever has it may be stopped meanwhile.
        const auto& before = all.received[place][number % window];
        require(number < window || eventually([&] { return before >= number + 1 - window; }),
                "a message is lost");
        const std::vector<std::byte> bytes = message_at(place, number, getpid());
        if (number % 3 == 0) {
            auto space = queue->try_loan(bytes.size());
            if (!space) {
                queue->wait_for_room(bytes.size(), {}, {});
                continue;
            }
            std::memcpy(space->payload().data(), bytes.data(), bytes.size());
            queue->push(std::move(*space));
        } else if (queue->try_push(bytes) == pattern::push_outcome::full) {
            queue->wait_for_room(bytes.size(), {}, {});
            continue;
        }
        all.accepted[place] = number + 1;
        ++all.done[place];
    }
}

using last_numbers = std::map<std::uint64_t, std::uint64_t>;  // by process

void check(const pattern::held_message& one, last_numbers& last) {
    message_head head;
    require(one.payload().size() >= sizeof head, "a message is too short");
    std::memcpy(&head, one.payload().data(), sizeof head);
    require(head.producer < producers, "a message is of nobody");
    const std::vector<std::byte> bytes =
        message_at(head.producer, head.number, static_cast<pid_t>(head.process));
    require(std::equal(bytes.begin(), bytes.end(), one.payload().begin(), one.payload().end()),
            "a message is torn");
    if (one.deliveries() > 1) return;
    const auto [latest, is_first] = last.try_emplace(head.process, head.number);
    require(is_first || latest->second < head.number, "first deliveries are out of order");
    latest->second = head.number;
}

void mark(const pattern::held_message& one) {
    message_head head;
    std::memcpy(&head, one.payload().data(), sizeof head);
    auto& place = shared_board().received[head.producer][head.number % window];
    place = std::max<std::uint64_t>(place, head.number + 1);
}

/// Takes one, and now and then gives it back, at once or for a while, or holds it while it takes
/// another.
bool consume_one(queue_core& queue, last_numbers& last, std::mt19937_64& random) {
    auto one = queue.try_pop();
    if (!one) return false;
    check(*one, last);
    if (random() % 16 == 0 && one->deliveries() < 3) {
        queue.give_back(std::move(*one), random() % 2 == 0 ? 20ms : 0ms);
        return true;
    }
    if (random() % 8 == 0) consume_one(queue, last, random);
    mark(*one);
    queue.acknowledge(std::move(*one));
    return true;
}

void consume(std::size_t place) {
    const auto queue = open_storm();
    std::mt19937_64 random{static_cast<std::uint64_t>(getpid())};
    last_numbers last;
    for (;;) {
        if (!consume_one(*queue, last, random)) queue->wait_for_message({});
        ++shared_board().done[place];
    }
}

pid_t start(std::size_t place) {
    const pid_t pid = fork_mortal();
    if (pid != 0) return pid;
    try {
        if (place < producers) produce(place);
        consume(place);
    } catch (const std::exception& e) {
        shared_board().note(e.what());
    }
    _exit(1);
}

int end(pid_t pid) {
    int status = 0;
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

class queue_storm {
public:
    queue_storm() : random_{static_cast<std::uint64_t>(wanted("SIGNET_SEED", 1))} {
        for (std::size_t i = 0; i < places; ++i) pids_[i] = start(i);
    }
    ~queue_storm() {
        for (const pid_t pid : pids_) end(pid);
    }
    queue_storm(const queue_storm&) = delete;
    queue_storm& operator=(const queue_storm&) = delete;

    void run(long kills) {
        expect_progress();
        while (kills_ < kills && !::testing::Test::HasFailure()) {
            // The random moment, and no time that is given.
            std::this_thread::sleep_for(std::chrono::microseconds{random_() % 3000});
            replace(random_() % places);
            if (random_() % 8 == 0) replace(random_() % places);
            if (random_() % 4 == 0) expect_progress();
        }
        expect_progress();
    }

    long kills() const noexcept { return kills_; }

private:
    void replace(std::size_t place) {
        EXPECT_EQ(end(pids_[place]), SIGKILL) << "one ended by itself: " << all_.fault.data();
        pids_[place] = start(place);
        ++kills_;
    }

    void expect_progress() {
        std::array<std::uint64_t, places> before;
        std::copy(all_.done.begin(), all_.done.end(), before.begin());
        for (std::size_t i = 0; i < places; ++i) {
            EXPECT_TRUE(eventually([&] { return all_.done[i] > before[i] || all_.fault[0] != 0; }))
                << "place " << i << " does not get on";
        }
        EXPECT_STREQ(all_.fault.data(), "");
    }

    board& all_ = shared_board();
    std::mt19937_64 random_;
    std::array<pid_t, places> pids_{};
    long kills_ = 0;
};

std::uint64_t drain(queue_core& queue) {
    std::uint64_t count = 0;
    last_numbers last;
    for (;;) {
        auto one = queue.try_pop();
        if (!one) {
            const pattern::queue_account left = queue.account();
            if (left.length + left.in_flight + left.delayed == 0) return count;
            queue.wait_for_message({.until = after(1s)});
            continue;
        }
        check(*one, last);
        mark(*one);
        queue.acknowledge(std::move(*one));
        ++count;
    }
}

TEST(QueueStorm, NothingThatWasAcceptedIsLostWhoeverIsKilled) {
    const own_rendezvous place;
    {
        queue_storm storm;
        storm.run(wanted("SIGNET_KILLS", 300));
        std::cout << storm.kills() << " kills in a queue";
    }
    const auto queue = open_storm();
    std::cout << ", " << drain(*queue) << " messages left in the end";
    std::uint64_t all = 0;
    for (std::size_t p = 0; p < producers; ++p) {
        const std::uint64_t accepted = shared_board().accepted[p];
        all += accepted;
        for (std::uint64_t n = accepted > window ? accepted - window + 1 : 0; n < accepted; ++n) {
            ASSERT_GE(shared_board().received[p][n % window], n + 1) << "a message is lost";
        }
    }
    std::cout << ", " << all << " accepted\n";
    EXPECT_EQ(queue->wait_for_room(12000, {}, {}), wait_outcome::woken);
    const pattern::queue_account left = queue->account();
    EXPECT_EQ(left.damaged, 0u);
    // Pages that nobody needs may stay as they are: who fills the queue finds them all.
    const std::string page(4000, 'p');
    std::uint64_t pushed = 0;
    while (queue->try_push(std::as_bytes(std::span{page})) == pattern::push_outcome::accepted)
        ++pushed;
    EXPECT_EQ(pushed + 1, left.pages) << "one page is for moving";
}

}  // namespace
}  // namespace signet::tests
