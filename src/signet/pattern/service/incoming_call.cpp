// SPDX-License-Identifier: Apache-2.0
#include <signet/pattern/service/incoming_call.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace signet::pattern {
namespace {

std::chrono::nanoseconds time_left(std::uint64_t nanoseconds) {
    constexpr std::uint64_t most = std::numeric_limits<std::chrono::nanoseconds::rep>::max();
    return std::chrono::nanoseconds{std::min(nanoseconds, most)};
}

}  // namespace

incoming_call::incoming_call(std::shared_ptr<served_line> from, frame_bytes bytes)
    : from_{std::move(from)},
      bytes_{bytes.begin(), bytes.end()},
      frame_{wire::read_rpc_frame(bytes_)} {
    if (frame_.rider.nanoseconds_left) until_ = after(time_left(*frame_.rider.nanoseconds_left));
}

// The callbacks of a stop are the user's: they run without the lock.
void incoming_call::cancel() {
    std::optional<std::stop_source> stop;
    {
        const std::lock_guard locked{stopping_};
        cancelled_ = true;
        stop = stop_;
    }
    if (stop) stop->request_stop();
}

bool incoming_call::cancelled() const {
    const std::lock_guard locked{stopping_};
    return cancelled_;
}

std::stop_token incoming_call::stop_token(call_attendance& by) {
    std::unique_lock locked{stopping_};
    const bool first = !stop_;
    if (first) stop_.emplace();
    if (first && cancelled_) stop_->request_stop();  // nobody has a callback in it yet
    std::stop_token token = stop_->get_token();
    locked.unlock();
    if (first) by.attend();
    return token;
}

bool incoming_call::attended() const {
    const std::lock_guard locked{stopping_};
    return stop_.has_value();
}

call_at_work& this_thread_serves() noexcept {
    static thread_local call_at_work now;
    return now;
}

}  // namespace signet::pattern
