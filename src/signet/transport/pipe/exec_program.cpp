// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/pipe/exec_program.hpp>

#include <signet/os/poll.hpp>

#include <algorithm>

namespace signet::transport::pipe {
namespace {

/// A program whose output has ended is about to end, or goes on without us.
constexpr std::chrono::seconds settling_limit{1};

}  // namespace

deadline exec_program::settled_at() {
    const std::lock_guard locked{taking_};
    if (!settled_at_) settled_at_ = after(settling_limit);
    return *settled_at_;
}

// The status can be taken once, so one of the threads does.
bool exec_program::take_status() {
    const std::lock_guard locked{taking_};
    if (!status_) status_ = program_.handle().wait(deadline::min());
    return status_.has_value();
}

bool exec_program::settle(const patience& limit, stop_bell& bell) {
    if (take_status()) return true;
    const deadline latest = settled_at();
    wait_patiently(program_.handle().fd(), os::readiness::readable,
                   {std::min(limit.until, latest), limit.stop}, bell);
    return take_status() || clock::now() >= latest;
}

void exec_program::wait(std::chrono::nanoseconds limit) {
    os::wait_readable(program_.handle().fd(), after(limit));
}

bool exec_program::failed() const {
    const std::lock_guard locked{taking_};
    return status_ && *status_ != os::exit_status{};
}

std::string exec_program::account() const {
    const std::lock_guard locked{taking_};
    if (!status_) return "the program closed its output and still runs";
    return (status_->signalled ? "the program was " : "the program ") + status_->text();
}

}  // namespace signet::transport::pipe
