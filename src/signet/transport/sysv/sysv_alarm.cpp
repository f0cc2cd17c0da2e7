// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/sysv/sysv_alarm.hpp>

#include <signet/os/poll.hpp>
#include <signet/os/signal.hpp>

#include <array>
#include <utility>

namespace signet::transport::sysv {

sysv_alarm::sysv_alarm(const patience& limit, stop_bell& bell, std::function<void()> ring)
    : bell_{&bell} {
    if (limit.until == never && !limit.stop.stop_possible()) return;
    over_.emplace();
    const std::array<os::awaited, 2> ends{
        {{over_->fd(), os::readiness::readable}, {bell.fd_for(limit), os::readiness::readable}}};
    const os::blocked_signals none_for_the_thread;
    thread_ = std::thread{[this, ends, until = limit.until, rings = std::move(ring)] {
        os::wait_any_ready(ends, until);
        if (!over_->drain()) rings();
    }};
}

sysv_alarm::~sysv_alarm() {
    if (!thread_.joinable()) return;
    over_->signal();
    thread_.join();
    bell_->disarm();
}

}  // namespace signet::transport::sysv
