// SPDX-License-Identifier: Apache-2.0
#include <signet/os/event.hpp>

#include <signet/os/kernel.hpp>

#include <sys/eventfd.h>
#include <sys/syscall.h>

#include <cstdint>

namespace signet::os {

event::event()
    : counter_{static_cast<int>(
          check(call(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK), "create event"))} {}

void event::signal() {
    signal_event(counter_);
}

bool event::drain() {
    std::uint64_t count = 0;
    // EINTR: nothing was taken, so the same read is made again.
    const long result = call_uninterrupted(SYS_read, counter_.get(), &count, sizeof count);
    if (result == -EAGAIN) return false;
    check(result, "drain event");
    return true;
}

void signal_event(const descriptor& counter) {
    const std::uint64_t one = 1;
    // EINTR: nothing was added, so the same write is made again.
    const long result = call_uninterrupted(SYS_write, counter.get(), &one, sizeof one);
    if (result == -EAGAIN) return;  // the counter is at its limit, so the event is signalled
    check(result, "signal event");
}

}  // namespace signet::os
