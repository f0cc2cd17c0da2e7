// SPDX-License-Identifier: Apache-2.0
// A thread that has a seat, and sleeps until the owner of another one dies; then it takes back what
// that one owned. Its own end tells the watches of the others. The protocol: T4, H0 to H2 of
// docs/design/regions.md.
//
// Thread safety: made and destroyed by one thread; the rest is its own thread's.
#pragma once

#include <signet/life/seat_table.hpp>
#include <signet/life/waiting.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <thread>
#include <vector>

namespace signet::life {

class seat_watch {
public:
    /// Takes a seat, and watches until this is destroyed. Throws what `seat_table::claim` throws.
    seat_watch(seat_table& seats, take_back recover);

    seat_watch(const seat_watch&) = delete;
    seat_watch& operator=(const seat_watch&) = delete;

    /// Leaves the seat in good order.
    ~seat_watch();

private:
    void run(std::promise<void>& seated);
    void announce();
    void watch();
    template <class Look>
    void look_at(Look&& look);
    void collect();
    void collect(std::uint32_t number);
    void sleep(deadline until);

    seat_table* seats_;
    take_back recover_;
    notice stop_;
    std::atomic<bool> stopping_{false};
    std::vector<os::futex_waiter> words_;  // to sleep on: the stop, those who join, hearts
    std::vector<std::uint32_t> ended_;     // seats
    std::thread thread_;
};

}  // namespace signet::life
