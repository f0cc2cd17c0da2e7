// SPDX-License-Identifier: Apache-2.0
// How the kernel chooses between this thread and others that could run. Each object belongs to the
// thread that made it, and is destroyed there.
#pragma once

#include <optional>
#include <utility>

namespace signet::os {

/// What a thread runs by, as sched(7) has it.
struct thread_schedule {
    unsigned policy = 0;  ///< SCHED_OTHER
    int nice = 0;
    unsigned level = 0;  ///< of the real-time policies: 1 to 99
};

/// Of this thread. Throws `error`.
thread_schedule current_thread_schedule();

/// While it lasts, this thread is more urgent than it was.
class raised_priority {
public:
    /// Has the kernel prefer this thread: real-time (SCHED_FIFO) of `level`, at most 99; where that
    /// is not permitted, by as many steps of nice, at most 20. Who is as urgent already stays as it
    /// is. None: neither is permitted. Throws `error`: the system has no such thing.
    static std::optional<raised_priority> raise(unsigned level);

    raised_priority(raised_priority&& other) noexcept
        : before_{std::exchange(other.before_, std::nullopt)} {}
    raised_priority& operator=(raised_priority&&) = delete;

    /// As it was before.
    ~raised_priority();

private:
    explicit raised_priority(std::optional<thread_schedule> before) : before_{before} {}

    std::optional<thread_schedule> before_;  ///< none: it was urgent enough
};

}  // namespace signet::os
