// SPDX-License-Identifier: Apache-2.0
// Whom the tour kills, and when: at random moments about one pace apart, everybody once, in random
// order, before anybody again. Plain arithmetic; one thread.
#pragma once

#include <tour/messages.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

namespace tour {

/// When the killing begins, and how fast it goes.
struct kill_pace {
    std::chrono::milliseconds first;
    std::chrono::milliseconds interval;
};

/// So that in a tour of this length everybody is killed at least twice.
kill_pace pace_for(std::chrono::milliseconds length);

class kill_plan {
public:
    kill_plan(kill_pace pace, std::uint64_t seed);

    /// Whose turn it is; nobody's before the moment has come. Stays until next().
    std::optional<role_id> due(std::chrono::milliseconds elapsed) const;

    /// The one whose turn it was is dead: on to the next.
    void next(std::chrono::milliseconds elapsed);

private:
    void shuffle();

    kill_pace pace_;
    std::mt19937_64 random_;
    std::array<role_id, role_count> order_{};
    std::size_t turn_ = 0;
    std::chrono::milliseconds moment_;
};

}  // namespace tour
