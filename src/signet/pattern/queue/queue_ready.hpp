// SPDX-License-Identifier: Apache-2.0
// The descriptor of a queue: readable while something may be popped. A thread waits in place of
// whoever watches it.
//
// Thread safety: `found_nothing` may be called from any thread.
#pragma once

#include <signet/os/event.hpp>
#include <signet/sync/sleeper.hpp>

#include <atomic>
#include <functional>
#include <thread>

namespace signet::pattern {

class queue_ready {
public:
    /// `wait` returns when there may be something, or the stop that it is given was asked for.
    using wait = std::function<void(const std::stop_token& stop)>;

    explicit queue_ready(wait until_any);
    queue_ready(const queue_ready&) = delete;
    queue_ready& operator=(const queue_ready&) = delete;
    ~queue_ready();

    int fd() const noexcept { return event_.fd(); }

    /// Makes it unreadable, until the thread finds something again; whoever calls looks once more
    /// after that.
    void found_nothing();

private:
    void run(const std::stop_token& stop) noexcept;

    wait until_any_;
    os::event event_;
    std::atomic<bool> signalled_{false};
    std::atomic<std::uint32_t> drained_{0};  ///< how often; the thread sleeps on it
    std::jthread thread_;
};

}  // namespace signet::pattern
