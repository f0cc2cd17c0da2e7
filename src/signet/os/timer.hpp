// SPDX-License-Identifier: Apache-2.0
// A timer that is a descriptor (timerfd): readable when its time has come, counting how often it
// came until somebody looks. One object belongs to one thread at a time; `fd` may be watched by
// any. A duplicate that another process holds is the same timer: it lives on when this process is
// killed, and whoever reads it takes the count away from the others.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>

#include <chrono>
#include <cstdint>

namespace signet::os {

/// Neither is changed by setting the time of day.
enum class timer_clock {
    monotonic,  ///< stands still while the machine is suspended
    boot,       ///< goes on meanwhile; a timer that was due then is due on waking
};

class timer {
public:
    /// Creates one that is not started. Throws `error` at the limit of open files.
    explicit timer(timer_clock by = timer_clock::monotonic);

    /// Starts it, once, for an instant of the monotonic clock; one that has passed comes at once,
    /// `never` cancels. Forgets what it counted, here and below. For a timer by the boot clock a
    /// contract_violation. Throws `error`.
    void start_at(deadline when);

    /// Starts it, once, for `delay` from now.
    void start_after(std::chrono::nanoseconds delay);

    /// Starts it for every `period` from now on; none or a negative one is a contract_violation.
    /// The instants lie whole periods apart, however late they are looked at.
    void start_every(std::chrono::nanoseconds period);

    /// Stops it.
    void cancel();

    /// How often its time came since the last look. `wait` waits for the first time, and gives 0
    /// when the deadline passes; so it does, at `never` for ever, if the timer is not started.
    std::uint64_t try_take();
    std::uint64_t wait(deadline until);

    /// The time left until it comes next, zero if it is not started. Throws `error`.
    std::chrono::nanoseconds remaining() const;

    /// To watch. Valid as long as this object.
    int fd() const noexcept { return timer_.get(); }

private:
    void start(int flags, std::chrono::nanoseconds first, std::chrono::nanoseconds period);

    timer_clock clock_;
    descriptor timer_;
};

}  // namespace signet::os
