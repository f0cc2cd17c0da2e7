// SPDX-License-Identifier: Apache-2.0
// A bell that is a descriptor (eventfd): signalled any number of times, readable until drained. Any
// thread may signal and drain. Whoever holds a duplicate can clear its non-blocking flag, after
// which `signal` can block: share an event only within a trust group, and ring a stranger through
// its own socket.
#pragma once

#include <signet/os/descriptor.hpp>

#include <utility>

namespace signet::os {

class event {
public:
    /// Creates one that is not signalled. Throws `error` at the limit of open files.
    event();

    /// Takes over an eventfd that a peer of the trust group sent.
    static event adopt(descriptor received) noexcept { return event{std::move(received)}; }

    /// Makes it readable. Does not block. Throws `error` where the descriptor is not an event.
    void signal();

    /// Makes it unreadable; returns whether it was signalled. Does not block. Throws `error`.
    bool drain();

    /// To watch, or to send to a peer. Valid as long as this object.
    int fd() const noexcept { return counter_.get(); }
    const descriptor& handle() const noexcept { return counter_; }

private:
    explicit event(descriptor counter) noexcept : counter_{std::move(counter)} {}

    descriptor counter_;
};

/// `event::signal` for an eventfd that is held as a plain descriptor.
void signal_event(const descriptor& counter);

}  // namespace signet::os
