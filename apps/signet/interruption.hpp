// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and its relatives as a request to stop: what waits is told, ends in good order, and others
// see us leave, not die. Where that takes more than two seconds (somebody does not read our
// output), or the signal comes again, the process ends at once.
//
// Make one before any other thread, in the thread that does the work; any thread may use it.
#pragma once

#include <signet/os/event.hpp>
#include <signet/os/signal.hpp>

#include <atomic>
#include <stop_token>
#include <thread>

namespace signet::command {

class interruption {
public:
    /// Takes SIGINT, SIGTERM and SIGHUP over.
    interruption();
    interruption(const interruption&) = delete;
    interruption& operator=(const interruption&) = delete;
    ~interruption();

    std::stop_token token() const { return source_.get_token(); }
    bool came() const { return source_.stop_requested(); }

    /// Readable from the moment it came; do not read.
    int fd() const noexcept { return came_.fd(); }

    /// 128 and the number of the signal: for work that was cut short. 0: none came.
    int exit_status() const;

private:
    void watch();

    os::signal_queue signals_;
    os::event came_;
    os::event ending_;
    std::stop_source source_;
    std::atomic<int> number_{0};
    std::thread watcher_;
};

}  // namespace signet::command
