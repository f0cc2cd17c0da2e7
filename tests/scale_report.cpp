// SPDX-License-Identifier: Apache-2.0
// How set-up grows: n subscribers of one topic in twenty processes, and n topics (a publisher and a
// subscriber each) in one process, for n of 10, 100 and 1000. Time, and what this process needs for
// it; the rightmost columns would be the same in each line if it were exactly linear.
#include "actors/actor.hpp"
#include "actors/self_checking.hpp"

#include <signet/os/limits.hpp>
#include <signet/testing/failures.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

namespace {

using namespace signet;
using namespace signet::tests;
using signet::testing::watchdog;

constexpr int processes_max = 20;

/// What this process has now.
struct possession {
    clock::time_point time = clock::now();
    long kilobytes = kilobytes_of("self", "RssAnon") + kilobytes_of("self", "RssShmem");
    int descriptors = testing::open_descriptors();
};

void print(const char* what, int count, const possession& before, const possession& after) {
    const std::chrono::duration<double, std::milli> took = after.time - before.time;
    const long kilobytes = after.kilobytes - before.kilobytes;
    const int descriptors = after.descriptors - before.descriptors;
    std::printf("%-12s %6d %10.1f ms %8ld kB %6d fd %10.3f ms each %7.1f kB each %5.1f fd each\n",
                what, count, took.count(), kilobytes, descriptors, took.count() / count,
                double(kilobytes) / count, double(descriptors) / count);
}

bool measure_subscribers(int count) {
    const own_rendezvous place;
    const context here{};
    publisher<small_message> out{here, "t"};
    const int processes = std::min(count, processes_max);
    const possession before;
    std::vector<os::child> all;
    for (int i = 0; i < processes; ++i)
        all.push_back(start_actor({"attend", "t", std::to_string(count / processes)}));
    const bool met = out.wait_for_subscribers_for(static_cast<std::size_t>(count), watchdog);
    print("subscribers", count, before, {});
    small_message message;
    fill(message, 1, 0);
    out.publish(message);
    return met && std::all_of(all.begin(), all.end(), [](auto& one) { return !status_of(one); });
}

bool measure_topics(int count) {
    const own_rendezvous place;
    const context here{};
    std::vector<std::unique_ptr<publisher<small_message>>> out;
    std::vector<std::unique_ptr<subscriber<small_message>>> in;
    const possession before;
    for (int i = 0; i < count; ++i) {
        const std::string name = "many/" + std::to_string(i);
        out.push_back(std::make_unique<publisher<small_message>>(here, name));
        in.push_back(std::make_unique<subscriber<small_message>>(here, name));
    }
    const bool met = std::all_of(out.begin(), out.end(), [](auto& one) {
        return one->wait_for_subscribers_for(1, watchdog);
    });
    print("topics", count, before, {});
    return met;
}

}  // namespace

int main() {
    os::raise_descriptor_limit();
    bool all_met = true;
    for (const int count : {10, 100, 1000}) all_met &= measure_subscribers(count);
    for (const int count : {10, 100, 1000}) all_met &= measure_topics(count);
    if (!all_met) std::puts("not all met");
    return all_met ? 0 : 1;
}
