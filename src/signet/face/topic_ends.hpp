// SPDX-License-Identifier: Apache-2.0
// The engine of a user's endpoint, with the relay that it has where its topic is elsewhere. What
// makes and ends them is compiled once, so that what the user's code inlines is the path of a
// message and no more. Thread rules are those of the engines; in a forked child nothing is ended.
#pragma once

#include <signet/os/fork_guard.hpp>
#include <signet/transport/relay/relayed_topic.hpp>
#include <signet/transport/shm/topic_publisher.hpp>
#include <signet/transport/shm/topic_subscriber.hpp>

#include <memory>
#include <string_view>

namespace signet::face {

/// Ends the relay of an engine before it.
class publisher_owner {
public:
    void operator()(transport::shm::topic_publisher* engine) const noexcept;

    transport::relay::relayed_publisher* relay = nullptr;  ///< owned; null: there is none

private:
    os::made_in_process here_;
};
using publisher_end = std::unique_ptr<transport::shm::topic_publisher, publisher_owner>;

/// Throws `error` as publisher's constructor.
publisher_end publish_at(std::shared_ptr<link::control_plane> plane, std::string_view name,
                         const wire::type_descriptor& type,
                         const transport::publisher_options& options);

class relay_owner {
public:
    void operator()(transport::relay::relayed_subscriber* relay) const noexcept;

private:
    os::made_in_process here_;
};
using subscriber_relay = std::unique_ptr<transport::relay::relayed_subscriber, relay_owner>;

struct subscriber_end {
    transport::shm::subscriber_handle engine;
    subscriber_relay relay;  ///< ends before the engine; null: there is none
};

/// Throws `error` as subscriber's constructor. `type` null: takes messages of any type.
subscriber_end subscribe_to(std::shared_ptr<link::control_plane> plane, std::string_view name,
                            const wire::type_descriptor* type,
                            const transport::subscriber_options& options);

}  // namespace signet::face
