// SPDX-License-Identifier: Apache-2.0
#include <tour/kill_plan.hpp>

#include <algorithm>

namespace tour {

using std::chrono::milliseconds;

kill_pace pace_for(milliseconds length) {
    constexpr milliseconds first_max{8'000};
    constexpr milliseconds interval_max{2'500};
    constexpr int kills = 2 * static_cast<int>(role_count) + 1;
    const milliseconds first = std::min(first_max, length / 5);
    const milliseconds window = length * 92 / 100 - first;
    return {first, std::min(interval_max, window / kills)};
}

kill_plan::kill_plan(kill_pace pace, std::uint64_t seed)
    : pace_{pace}, random_{seed}, moment_{pace.first} {
    for (std::size_t i = 0; i < role_count; ++i) order_[i] = static_cast<role_id>(i);
    shuffle();
}

void kill_plan::shuffle() {
    std::shuffle(order_.begin(), order_.end(), random_);
}

std::optional<role_id> kill_plan::due(milliseconds elapsed) const {
    return elapsed >= moment_ ? std::optional{order_[turn_]} : std::nullopt;
}

void kill_plan::next(milliseconds elapsed) {
    if (++turn_ == role_count) {
        turn_ = 0;
        shuffle();
    }
    std::uniform_real_distribution<double> spread{0.8, 1.2};
    moment_ = elapsed + std::chrono::duration_cast<milliseconds>(pace_.interval * spread(random_));
}

}  // namespace tour
