// SPDX-License-Identifier: Apache-2.0
#include <bench/limits/mood.hpp>

#include <bench/limits/ping.hpp>
#include <bench/limits/samples.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace limits {

bool same_mood(double one_ns, double other_ns) noexcept {
    return std::max(one_ns, other_ns) <= 1.5 * std::min(one_ns, other_ns);
}

mood_watch::mood_watch(std::chrono::nanoseconds ping_length)
    : ping_length_(ping_length), before_ns_(ping(ping_length)), after_ns_(before_ns_) {}

bool mood_watch::unchanged() const {
    return same_mood(before_ns_, ping(ping_length_ / 4));
}

double mood_watch::median_of(int repetitions, const std::function<double()>& measure) {
    std::vector<double> all;
    std::vector<double> kept;
    bool good_before = unchanged();
    for (int i = 0; i < repetitions; ++i) {
        all.push_back(measure());
        const bool good_after = unchanged();
        if (std::exchange(good_before, good_after) && good_after) {
            kept.push_back(all.back());
        }
    }
    lost_ = lost_ || kept.empty();
    return median(std::move(kept.empty() ? all : kept));
}

void mood_watch::end() {
    after_ns_ = ping(ping_length_);
}

}  // namespace limits
