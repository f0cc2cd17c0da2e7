// SPDX-License-Identifier: Apache-2.0
// The user's publisher at an address: has a session (topic_session.hpp) for each who connects.
// Thread safety: the relay thread.
#pragma once

#include <signet/transport/channel.hpp>
#include <signet/transport/topic_carrier.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace signet::transport::relay {

class channel_outlet final : public topic_relay {
public:
    channel_outlet(std::shared_ptr<channel_listener> door, local_publisher& from)
        : door_{std::move(door)}, from_{&from}, sessions_{std::make_shared<std::size_t>(0)} {}

    state work(relay_waits& waits) override;

private:
    bool accept_one(relay_waits& waits);

    std::shared_ptr<channel_listener> door_;
    local_publisher* from_;
    std::shared_ptr<std::size_t> sessions_;  ///< that there are now
    std::optional<wait_key> knocking_;
};

}  // namespace signet::transport::relay
