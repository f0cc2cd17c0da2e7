// SPDX-License-Identifier: Apache-2.0
// What can be said of messages in a queue: terms, what becomes of them, answers, many at once.
#include <signet/loop.hpp>
#include <signet/queue.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

using namespace std::chrono_literals;

struct order {
    int number;
    std::string item;
};

struct point {
    double x;
    double y;
};

void terms() {
    signet::queue<order> orders{"example/orders", {.priorities = 2, .id_window = 10min}};
    orders.push({1, "tea"}, {.priority = 1});
    orders.push({2, "cake"}, {.expires = 1h});
    const auto id = signet::message_id_of("order 2");
    orders.push({2, "salt"}, {.id = id});
    if (orders.push({2, "salt"}, {.id = id}) == signet::push_outcome::duplicate) {
        std::puts("order 2 is there already");
    }
    while (auto message = orders.try_pop()) {
        std::printf("%s\n", message->item.c_str());
        message.ack();
    }
}

void outcomes() {
    signet::queue<order> orders{"example/outcomes", {.deliveries_max = 3}};
    orders.push({1, "tea"});
    orders.pop().give_back();               // somebody gets it again, before all others
    orders.pop().give_back_after(1ms);      // not before then
    orders.pop().dead_letter("no kettle");  // put aside
    for (const auto& dead : orders.peek_dead_letters(10)) {
        std::printf("%s: %s\n", dead.value.item.c_str(), dead.facts.text.c_str());
    }
    std::printf("%zu again\n", static_cast<std::size_t>(orders.redrive()));
    orders.pop().ack();
}

void work() {
    signet::queue<order> orders{"example/work"};
    orders.push({1, "tea"});
    orders.push({2, "cake"});
    int tries = 0;
    const auto done = orders.work([&](const order& one) {
        if (++tries == 1) throw std::runtime_error{"the cup broke"};
        if (one.number == 2) orders.stop();
    });
    std::printf("%d orders in %d tries\n", static_cast<int>(done), tries);
}

void in_place() {
    signet::queue<point> points{"example/points"};
    auto next = points.loan();
    next->x = 3;
    next->y = 4;
    points.push(std::move(next));
    const auto message = points.pop();
    std::printf("%g %g\n", message->x, message->y);
}

void answers() {
    signet::queue<order> orders{"example/questions"};
    std::jthread cook{[&] {
        auto asked = orders.pop();
        asked.reply("here is your " + asked->item);
        asked.ack();
    }};
    const auto answer = orders.request<std::string>({1, "tea"});
    std::printf("%s\n", answer->c_str());
}

signet::task<> consume(signet::loop& in, signet::queue<order>& orders) {
    auto message = co_await in.pop(orders);
    std::printf("%s in a loop\n", message->item.c_str());
    message.ack();
}

void loops() {
    signet::queue<order> orders{"example/loop"};
    signet::loop in;
    in.spawn(consume(in, orders));
    std::jthread producer{[&] { orders.push({1, "tea"}); }};
    in.run();
}

int main() try {
    terms();
    outcomes();
    work();
    in_place();
    answers();
    loops();
} catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
}
