// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/patient_wait.hpp>

#include <signet/os/poll.hpp>

#include <array>

namespace signet::transport {

bool is_over(const patience& limit) {
    if (limit.stop.stop_requested() || limit.until == deadline::min()) return true;
    return limit.until != never && clock::now() >= limit.until;
}

int stop_bell::fd_for(const patience& limit) {
    if (!limit.stop.stop_possible()) return -1;
    if (!bell_) bell_.emplace();
    on_stop_.emplace(limit.stop, ring{&*bell_});
    return bell_->fd();
}

void stop_bell::disarm() {
    on_stop_.reset();
    if (bell_) bell_->drain();
}

bool wait_patiently(int fd, os::readiness wanted, const patience& limit, stop_bell& bell) {
    if (limit.until == deadline::min()) return false;
    const std::array<os::awaited, 2> all{
        {{fd, wanted}, {bell.fd_for(limit), os::readiness::readable}}};
    const bool any = os::wait_any_ready(all, limit.until);
    bell.disarm();
    return any && !limit.stop.stop_requested();
}

}  // namespace signet::transport
