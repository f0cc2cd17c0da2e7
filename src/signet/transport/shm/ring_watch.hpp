// SPDX-License-Identifier: Apache-2.0
// One direction of a channel in shared memory, in a wait for many things (waitable.hpp). Keeps the
// end. Belongs to the thread of that direction.
#pragma once

#include <signet/transport/shm/shm_channel.hpp>
#include <signet/transport/waitable.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace signet::transport::shm {

class ring_watch final : public waitable {
public:
    ring_watch(std::shared_ptr<channel_end> self, shm_channel& end, direction which)
        : kept_{std::move(self)}, end_{&end}, which_{which} {}

    const void* identity() const noexcept override {
        // One end is two things to wait for: the second is told by the next byte of it.
        const auto* const first = reinterpret_cast<const char*>(kept_.get());
        return which_ == direction::receiving ? first : first + 1;
    }
    bool ready() override { return end_->ready(which_); }

    // Before the peer said hello there is no word to sleep on, and descriptors have to do.
    std::size_t words() const override { return end_->met() ? 1 : os::futex_waiters_max; }
    void arm(std::vector<os::futex_waiter>& words) override { end_->arm(which_, words); }
    int fd() override { return end_->fd_of(which_); }

    void arm_fd() override {
        if (armed_) return;  // nobody rang since
        armed_ = end_->settle(which_);
    }
    void touched() noexcept override { armed_ = false; }

    // Who waits for room is none of those that are idle.
    int board_fd() override {
        return which_ == direction::receiving && end_->met() ? end_->event_fd() : -1;
    }
    bool tell_on_board(std::uint32_t mark) override {
        end_->tell_on_board(mark);
        return !end_->ready(which_);
    }

private:
    std::shared_ptr<channel_end> kept_;
    shm_channel* end_;
    direction which_;
    bool armed_ = false;
};

}  // namespace signet::transport::shm
