// SPDX-License-Identifier: Apache-2.0
// A bell, or a count, that is a descriptor (eventfd): signalled any number of times, readable until
// drained. Any thread may signal and drain. Whoever holds a duplicate can clear its non-blocking
// flag, after which `signal` can block: share an event only within a trust group, and ring a
// stranger through its own socket. The count outlives whoever added to it: a process killed with
// SIGKILL leaves it as it is, for those who hold the same event.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>

#include <cstdint>
#include <utility>

namespace signet::os {

class event {
public:
    /// The most it counts to; adding waits for nobody to make room.
    static constexpr std::uint64_t count_max = ~std::uint64_t{0} - 1;

    /// Creates one that is not signalled. Throws `error` at the limit of open files.
    event();

    /// Creates one that gives out its count, `count` at first, one by one. Throws `error`.
    static event semaphore(unsigned count);

    /// Takes over an eventfd that a peer of the trust group sent.
    static event adopt(descriptor received) noexcept { return event{std::move(received)}; }

    /// Makes it readable. Does not block. Throws `error` where the descriptor is not an event.
    void signal();

    /// Adds to the count that the next taker gets. False, with nothing added, where it would exceed
    /// `count_max`. Does not block. Zero and more than `count_max` are a contract_violation.
    bool try_add(std::uint64_t number);

    /// Takes what was added up since the last time, of a semaphore 1; 0 where there is nothing.
    /// `take` waits for something until the deadline. Throws `error`.
    std::uint64_t try_take();
    std::uint64_t take(deadline until);

    /// Makes it unreadable (of a semaphore: takes one); returns whether it was signalled. Does not
    /// block. Throws `error`.
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
