// SPDX-License-Identifier: Apache-2.0
#include <signet/observe/reading.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace signet::observe {
namespace {

/// What was counted between two looks; somebody who counts backwards has done nothing.
std::uint64_t grown(std::uint64_t before, std::uint64_t now) {
    return now - std::min(before, now);
}

double per_second(std::uint64_t before, std::uint64_t now, double seconds) {
    return static_cast<double>(grown(before, now)) / seconds;
}

double share(std::chrono::nanoseconds before, std::chrono::nanoseconds now, double seconds) {
    const std::chrono::duration<double> grew = now - std::min(before, now);
    return std::min(1.0, grew.count() / seconds);
}

void add_rate(publication& now, const publication& before, double seconds) {
    now.rate = {per_second(before.published, now.published, seconds),
                per_second(before.bytes, now.bytes, seconds),
                share(before.waited, now.waited, seconds)};
}

// Of a message at a cursor, its reader does not say since when.
void add_ages(std::vector<held_message>& now, const std::vector<held_message>& before,
              std::chrono::nanoseconds between) {
    for (held_message& one : now) {
        const auto known = std::find_if(before.begin(), before.end(), [&](const auto& other) {
            return other.number == one.number;
        });
        if (known != before.end()) one.age = std::max(one.age, known->age + between);
    }
    std::stable_sort(now.begin(), now.end(),
                     [](const auto& a, const auto& b) { return a.age > b.age; });
}

void add_rate(subscription& now, const subscription& before, double seconds) {
    add_ages(now.held, before.held,
             std::chrono::duration_cast<std::chrono::nanoseconds>(
                 std::chrono::duration<double>{seconds}));
    now.rate = {per_second(before.received, now.received, seconds),
                per_second(before.lost, now.lost, seconds),
                per_second(before.skipped, now.skipped, seconds)};
    if (now.latency && before.latency) now.recent = now.latency->since(*before.latency);
}

bool same(const publication& a, const publication& b) {
    return a.of.endpoint == b.of.endpoint;
}
bool same(const subscription& a, const subscription& b) {
    return a.of.endpoint == b.of.endpoint && a.publisher == b.publisher;
}

template <class Counts>
void add_rates(std::vector<Counts>& now, const std::vector<Counts>& before, double seconds) {
    for (Counts& one : now) {
        const auto known = std::find_if(before.begin(), before.end(),
                                        [&](const Counts& other) { return same(one, other); });
        if (known != before.end()) add_rate(one, *known, seconds);
    }
}

}  // namespace

std::uint64_t latency_histogram::total() const noexcept {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::chrono::nanoseconds latency_histogram::quantile(double share) const noexcept {
    const auto all = static_cast<double>(total());
    const double wanted = std::max(1.0, std::ceil(all * std::clamp(share, 0.0, 1.0)));
    double seen = 0;  // not an integer, which a liar's counts would overflow
    for (std::size_t bucket = 0; bucket < counts.size() && all != 0; ++bucket) {
        seen += static_cast<double>(counts[bucket]);
        if (seen < wanted) continue;
        const std::size_t above = std::min(bucket + 1, counts.size() - 1);
        return std::chrono::nanoseconds{memory::latency_of_bucket(above)};
    }
    return std::chrono::nanoseconds{0};
}

latency_histogram latency_histogram::since(const latency_histogram& before) const noexcept {
    latency_histogram more;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        more.counts[i] = grown(before.counts[i], counts[i]);
    }
    return more;
}

void add_rates(reading& now, const reading& before) {
    const std::chrono::duration<double> passed = now.taken - before.taken;
    if (passed.count() <= 0) return;
    add_rates(now.publications, before.publications, passed.count());
    add_rates(now.subscriptions, before.subscriptions, passed.count());
}

}  // namespace signet::observe
