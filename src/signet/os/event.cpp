// SPDX-License-Identifier: Apache-2.0
#include <signet/os/event.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>

#include <sys/eventfd.h>
#include <sys/syscall.h>

namespace signet::os {

namespace {

descriptor create_counter(unsigned count, int flags) {
    const long number = call(SYS_eventfd2, count, flags | EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor{static_cast<int>(check(number, "create event"))};
}

}  // namespace

event::event() : counter_{create_counter(0, 0)} {}

event event::semaphore(unsigned count) {
    return event{create_counter(count, EFD_SEMAPHORE)};
}

void event::signal() {
    signal_event(counter_);
}

bool event::try_add(std::uint64_t number) {
    if (number == 0 || number > count_max) {
        throw contract_violation{"event::try_add: a number between 1 and event::count_max"};
    }
    // EINTR: nothing was added, so the same write is made again.
    const long result = call_uninterrupted(SYS_write, fd(), &number, sizeof number);
    if (result == -EAGAIN) return false;
    check(result, "add to event");
    return true;
}

std::uint64_t event::try_take() {
    std::uint64_t count = 0;
    // EINTR: nothing was taken, so the same read is made again.
    const long result = call_uninterrupted(SYS_read, fd(), &count, sizeof count);
    if (result == -EAGAIN) return 0;
    check(result, "drain event");
    return count;
}

std::uint64_t event::take(deadline until) {
    for (;;) {
        if (const std::uint64_t count = try_take(); count != 0) return count;
        if (!wait_readable(fd(), until)) return 0;
    }
}

bool event::drain() {
    return try_take() != 0;
}

void signal_event(const descriptor& counter) {
    const std::uint64_t one = 1;
    // EINTR: nothing was added, so the same write is made again.
    const long result = call_uninterrupted(SYS_write, counter.get(), &one, sizeof one);
    if (result == -EAGAIN) return;  // the counter is at its limit, so the event is signalled
    check(result, "signal event");
}

}  // namespace signet::os
