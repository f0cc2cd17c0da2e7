// SPDX-License-Identifier: Apache-2.0
// Sleepers in tests: whether somebody sleeps by now, and a kernel in which nobody wakes by himself.
#pragma once

#include <signet/os/kernel.hpp>
#include <signet/testing/eventually.hpp>

#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace signet::testing {

/// Whether that process, or thread, sleeps in the kernel, or is stopped there.
bool is_asleep(int id);

/// A thread that one can wait for until it sleeps.
class watched_thread {
public:
    explicit watched_thread(std::function<void()> body)
        : thread_{[this, body = std::move(body)] {
              id_.store(gettid(), std::memory_order_relaxed);  // relaxed: a number

              body();
              ended_.store(true, std::memory_order_relaxed);  // relaxed: told by `join`
          }} {}

    /// Returns when it sleeps; false where it ended instead.
    bool falls_asleep() const {
        return eventually([&] { return has_ended() || (id() != 0 && is_asleep(id())); }) &&
               !has_ended();
    }

    void join() { thread_.join(); }

private:
    // relaxed, both: see where they are stored
    int id() const { return id_.load(std::memory_order_relaxed); }
    bool has_ended() const { return ended_.load(std::memory_order_relaxed); }

    std::atomic<int> id_{0};
    std::atomic<bool> ended_{false};
    std::jthread thread_;
};

/// While it lives, a sleep that would end by itself after a while does not, in this process and in
/// those it forks: a wake-up that gets lost is a hang then, where a look from time to time would
/// have hidden it. Sleeps of less than 100 ms end as they should.
class without_backstop {
public:
    without_backstop();
    without_backstop(const without_backstop&) = delete;
    without_backstop& operator=(const without_backstop&) = delete;
    ~without_backstop();
};

}  // namespace signet::testing
