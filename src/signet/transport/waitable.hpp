// SPDX-License-Identifier: Apache-2.0
// What a wait for many things at once (wait_engine.hpp) has to know of each of them. An endpoint of
// a carrier has an adapter that says it; the adapter may outlive the endpoint.
//
// Thread safety: belongs to the thread that waits, which is the one the endpoint belongs to.
#pragma once

#include <signet/base/time.hpp>
#include <signet/link/control_plane.hpp>
#include <signet/os/epoll.hpp>
#include <signet/os/futex.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace signet::transport {

/// One thing that is waited for; never used again for another.
enum class wait_key : std::uint64_t {};

class waitable {
public:
    waitable() = default;
    virtual ~waitable() = default;
    waitable(const waitable&) = delete;
    waitable& operator=(const waitable&) = delete;

    /// What it stands for: two waitables of one endpoint have the same.
    virtual const void* identity() const noexcept = 0;

    /// Whether it may outlive its endpoint, and then knows it.
    virtual bool outlives() const noexcept { return false; }

    /// Whether the endpoint is no more. The members below are for those that are.
    virtual bool gone() const noexcept { return false; }

    /// Whether there may be something for the user. Takes nothing. What is not level but an
    /// occurrence (an event) is reported once.
    virtual bool ready() = 0;

    /// When it will be ready by itself.
    virtual deadline due() const { return never; }

    /// Whether its context was stopped.
    virtual bool stopped() const { return false; }

    /// What drives it; null: nothing has to.
    virtual std::shared_ptr<link::control_plane> plane() const { return nullptr; }

    /// How many words arm() adds.
    virtual std::size_t words() const { return 0; }

    /// Has whoever makes it ready wake one of these words. After this, look again, then sleep.
    virtual void arm(std::vector<os::futex_waiter>&) {}

    /// The same for a descriptor that becomes readable; -1: there is none.
    virtual int fd() { return -1; }
    virtual void arm_fd() {}

    /// Ends what arm() and arm_fd() began, where wakers do not.
    virtual void disarm() {}

    /// Whether a mark on the board of this process can tell of it (life/ready_board.hpp), so that
    /// it need not be looked at while it is idle: -1, or a descriptor that is signalled beside the
    /// mark where who waits sleeps on descriptors; an edge, which nobody drains. Where it can,
    /// nothing above from due() to plane() is asked of it.
    virtual int board_fd() { return -1; }

    /// Has whoever makes it ready leave this mark, once. False: it is ready.
    virtual bool tell_on_board(std::uint32_t mark) {
        static_cast<void>(mark);
        return false;
    }

    /// The descriptor was reported readable, or the endpoint was used: arm_fd() starts afresh.
    virtual void touched() noexcept {}

    /// Whether the kernel tells of it: it is ready when its descriptors are. Then it puts them in
    /// the set of who waits, nothing above from due() on is asked of it, and ready() only after it
    /// was reported, for what was read ahead.
    virtual bool told_by_kernel() const noexcept { return false; }

    /// Watches its descriptors in `set`, which must last until leave(). Where it is gone: nothing.
    virtual void enter(os::epoll& set, std::uint64_t tag) {
        static_cast<void>(set);
        static_cast<void>(tag);
    }
    virtual void leave() noexcept {}
};

}  // namespace signet::transport
