// SPDX-License-Identifier: Apache-2.0
// The events of an endpoint, from the control thread to whoever asks. Any thread.
#pragma once

#include <signet/link/peer.hpp>
#include <signet/transport/topic.hpp>

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace signet::transport::shm {

/// What happened, noticed now.
topic_event event_of(topic_event::kind what, const link::peer_identity& who, std::uint64_t endpoint,
                     std::string reason);

class event_log {
public:
    /// Keeps the newest events; an endpoint that never asks must not grow for ever.
    static constexpr std::size_t events_max = 1024;

    void add(topic_event event);
    void add(topic_event::kind what, const link::peer_identity& who, std::uint64_t endpoint,
             std::string reason) {
        add(event_of(what, who, endpoint, std::move(reason)));
    }

    /// The oldest event not yet taken.
    std::optional<topic_event> try_take();

private:
    std::mutex mutex_;
    std::deque<topic_event> events_;
};

}  // namespace signet::transport::shm
