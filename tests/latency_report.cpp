// SPDX-License-Identifier: Apache-2.0
// How long it takes from the construction of a subscriber to its first message, and from a kill to
// the event that tells it. Prints; judges nothing.
#include "actors/actor.hpp"
#include "actors/self_checking.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace signet::tests {
namespace {

constexpr int rounds = 200;

void print(const char* what, std::vector<double>& microseconds) {
    std::sort(microseconds.begin(), microseconds.end());
    std::printf("%s: %.0f us (median), %.0f us (worst) of %zu\n", what,
                microseconds[microseconds.size() / 2], microseconds.back(), microseconds.size());
}

double since(clock::time_point begin, clock::time_point end) {
    return std::chrono::duration<double, std::micro>(end - begin).count();
}

void first_message() {
    auto actor = start_actor({"publish", "latency"});
    const context here{};
    std::vector<double> took;
    for (int i = 0; i < rounds; ++i) {
        const auto begin = clock::now();
        subscriber<small_message> in{here, "latency/small"};
        if (in.receive_for(testing::watchdog)) took.push_back(since(begin, clock::now()));
    }
    print("subscriber made to first message", took);
}

void death_notice() {
    subscriber<small_message> in{context{}, "death/small"};
    std::vector<double> took;
    for (int i = 0; i < rounds / 4; ++i) {
        auto actor = start_actor({"publish", "death"});
        in.receive_for(testing::watchdog);
        const auto begin = clock::now();
        actor.handle().send_signal(SIGKILL);
        std::optional<topic_event> event;
        testing::eventually([&] {
            in.try_receive();
            event = in.try_event();
            return event && event->what == topic_event::kind::died;
        });
        if (event) took.push_back(since(begin, event->noticed));
    }
    print("kill to notice of death", took);
}

}  // namespace
}  // namespace signet::tests

int main() {
    const signet::tests::own_rendezvous place;
    signet::tests::first_message();
    signet::tests::death_notice();
}
