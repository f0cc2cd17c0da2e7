// SPDX-License-Identifier: Apache-2.0
// The other process of a test: forked, to talk with, and to be killed. For single-threaded tests.
#pragma once

#include <atomic>
#include <functional>

namespace signet::testing {

class forked_peer {
public:
    /// Runs `body` in a forked child, which exits with its result. Throws std::system_error.
    explicit forked_peer(const std::function<int()>& body);
    forked_peer(const forked_peer&) = delete;
    forked_peer& operator=(const forked_peer&) = delete;

    /// Kills it, if it is still there.
    ~forked_peer();

    /// Kills it by SIGKILL, and returns when it is gone.
    void kill();

    /// Waits until it waits to be killed. False: it ended, or the watchdog barked.
    bool await();

    /// Waits until it ends; its result, or 128 and the number of the signal that killed it.
    int exit_code();

    int pid() const noexcept { return pid_; }

private:
    bool ended();

    std::atomic<bool>* waits_;  ///< in memory of both; written by the child alone
    int pid_;
    bool reaped_ = false;
};

/// For a body that is to be killed: waits until then, and has the parent's await() return.
[[noreturn]] void wait_to_be_killed();

}  // namespace signet::testing
