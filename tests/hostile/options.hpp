// SPDX-License-Identifier: Apache-2.0
// How long the hostile tests go on, SIGNET_ROUNDS, and how they lie, SIGNET_SEED.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>

namespace signet::tests {

/// Attempts of each test.
inline int rounds_wanted(int unasked = 300'000) {
    const char* const wanted = std::getenv("SIGNET_ROUNDS");
    return wanted != nullptr ? std::atoi(wanted) : unasked;
}

/// Says which seed it is, so that a failure can be had again.
inline std::uint64_t seed_wanted(int rounds = rounds_wanted()) {
    const char* const wanted = std::getenv("SIGNET_SEED");
    const std::uint64_t seed = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 1;
    std::cout << rounds << " rounds, SIGNET_SEED=" << seed << '\n';
    return seed;
}

}  // namespace signet::tests
