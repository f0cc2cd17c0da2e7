// SPDX-License-Identifier: Apache-2.0
// Waiting in tests: for a condition, under a watchdog that only a broken program meets. Nothing is
// ever given time by sleeping. Any thread.
#pragma once

#include <signet/base/time.hpp>

#include <chrono>
#include <thread>

namespace signet::testing {

/// How long a correct program may take on a machine that has much else to do.
inline constexpr std::chrono::seconds watchdog{60};

/// Asks `holds` until it says yes. False: the watchdog barked.
template <class Condition>
bool eventually(Condition&& holds) {
    const deadline give_up = after(watchdog);
    while (!holds()) {
        if (clock::now() >= give_up) return false;
        std::this_thread::sleep_for(std::chrono::microseconds{50});  // lets the others run
    }
    return true;
}

}  // namespace signet::testing
