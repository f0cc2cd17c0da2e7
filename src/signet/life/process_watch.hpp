// SPDX-License-Identifier: Apache-2.0
// Being told when another process ends, while oneself sleeps in a call that no descriptor ends. One
// thread per process, there while anything is watched, sleeps on all of them; all signals are
// blocked in it.
//
// Thread safety: any thread. In a forked child the objects of its parent do nothing.
#pragma once

#include <signet/os/fork_guard.hpp>
#include <signet/os/process.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace signet::life {

class watching_thread;

/// Watches one process, as long as this object.
class process_watch {
public:
    /// Has `on_end` called once, by the watching thread, when `watched` has ended. It may do
    /// nothing that waits or throws, and not end this object. `watched` must outlive this. Throws
    /// `error`: no descriptors left; std::system_error: no threads left.
    process_watch(const os::process& watched, std::function<void()> on_end);

    /// After this `on_end` is not called, and does not run.
    ~process_watch();

    process_watch(const process_watch&) = delete;
    process_watch& operator=(const process_watch&) = delete;

private:
    std::shared_ptr<watching_thread> thread_;
    std::uint64_t number_ = 0;
    os::made_in_process here_;
};

}  // namespace signet::life
