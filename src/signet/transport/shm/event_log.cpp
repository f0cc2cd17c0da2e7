// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/event_log.hpp>

namespace signet::transport::shm {

topic_event event_of(topic_event::kind what, const link::peer_identity& who, std::uint64_t endpoint,
                     std::string reason) {
    return {what, who.pid, who.command, endpoint, std::move(reason), clock::now()};
}

void event_log::add(topic_event event) {
    const std::lock_guard locked{mutex_};
    if (events_.size() == events_max) events_.pop_front();
    events_.push_back(std::move(event));
}

std::optional<topic_event> event_log::try_take() {
    const std::lock_guard locked{mutex_};
    if (events_.empty()) return std::nullopt;
    topic_event oldest = std::move(events_.front());
    events_.pop_front();
    return oldest;
}

}  // namespace signet::transport::shm
