// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/queue/queue_ready.hpp>

#include <signet/os/signal.hpp>

#include <utility>

namespace signet::pattern {

queue_ready::queue_ready(wait until_any) : until_any_{std::move(until_any)} {
    const os::blocked_signals none_for_the_thread;
    thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

queue_ready::~queue_ready() {
    thread_.request_stop();
    drained_.fetch_add(1, std::memory_order_release);  // SYNC drained
    drained_.notify_all();
}

// It may be readable a little before this says so; then the next one drains it.
void queue_ready::found_nothing() {
    // relaxed: nothing is published
    if (!signalled_.exchange(false, std::memory_order_relaxed)) return;
    event_.drain();
    drained_.fetch_add(1, std::memory_order_release);  // SYNC drained
    drained_.notify_all();
}

// What is counted is read before the stop is: who stops us counts after that.
void queue_ready::run(const std::stop_token& stop) noexcept {
    for (;;) {
        const std::uint32_t seen = drained_.load(std::memory_order_acquire);  // SYNC drained
        if (stop.stop_requested()) return;
        try {
            until_any_(stop);
        } catch (...) {
            // Whoever is told by the descriptor looks, and gets the error itself.
        }
        event_.signal();
        signalled_.store(true, std::memory_order_relaxed);  // relaxed: as above
        drained_.wait(seen, std::memory_order_acquire);     // SYNC drained
    }
}

}  // namespace signet::pattern
