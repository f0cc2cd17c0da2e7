// SPDX-License-Identifier: Apache-2.0
#include <signet/os/timer.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>

#include <sys/syscall.h>
#include <sys/timerfd.h>

#include <algorithm>

namespace signet::os {
namespace {

using std::chrono::nanoseconds;

std::timespec as_kernel_time(nanoseconds time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    return {.tv_sec = seconds.count(), .tv_nsec = (time - seconds).count()};
}

int kernel_clock(timer_clock by) {
    return by == timer_clock::boot ? CLOCK_BOOTTIME : CLOCK_MONOTONIC;
}

}  // namespace

timer::timer(timer_clock by)
    : clock_{by},
      timer_{static_cast<int>(
          check(call(SYS_timerfd_create, kernel_clock(by), TFD_CLOEXEC | TFD_NONBLOCK),
                "create timer"))} {}

void timer::start_at(deadline when) {
    if (clock_ != timer_clock::monotonic) {
        throw contract_violation{"timer::start_at: a deadline is on the monotonic clock"};
    }
    if (when == never) return cancel();
    start(TFD_TIMER_ABSTIME, when.time_since_epoch(), nanoseconds::zero());
}

void timer::start_after(nanoseconds delay) {
    start(0, delay, nanoseconds::zero());
}

void timer::start_every(nanoseconds period) {
    if (period <= nanoseconds::zero()) {
        throw contract_violation{"timer::start_every: a period is longer than nothing"};
    }
    start(0, period, period);
}

// To the kernel a first time of zero means to stop.
void timer::start(int flags, nanoseconds first, nanoseconds period) {
    const itimerspec wanted{.it_interval = as_kernel_time(period),
                            .it_value = as_kernel_time(std::max(first, nanoseconds{1}))};
    check(call(SYS_timerfd_settime, fd(), flags, &wanted, nullptr), "start timer");
}

void timer::cancel() {
    const itimerspec none{};
    check(call(SYS_timerfd_settime, fd(), 0, &none, nullptr), "cancel timer");
}

std::uint64_t timer::try_take() {
    std::uint64_t times = 0;
    // EINTR: nothing was taken, so the same read is made again.
    const long result = call_uninterrupted(SYS_read, fd(), &times, sizeof times);
    if (result == -EAGAIN) return 0;
    check(result, "read timer");
    return times;
}

std::uint64_t timer::wait(deadline until) {
    for (;;) {
        if (const std::uint64_t times = try_take(); times != 0) return times;
        if (!wait_readable(fd(), until)) return 0;
    }
}

nanoseconds timer::remaining() const {
    itimerspec left{};
    check(call(SYS_timerfd_gettime, fd(), &left), "ask timer");
    return std::chrono::seconds{left.it_value.tv_sec} + nanoseconds{left.it_value.tv_nsec};
}

}  // namespace signet::os
