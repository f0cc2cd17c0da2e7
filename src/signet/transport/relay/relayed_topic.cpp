// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/relay/relayed_topic.hpp>

#include <signet/base/error.hpp>
#include <signet/transport/relay/channel_topics.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace signet::transport::relay {
namespace {

/// How long what was published may take to leave when its publisher ends.
constexpr std::chrono::seconds linger_limit{1};

topic_carrier::started publish_at(const place& at, local_publisher& from) {
    if (at.over->topics() != nullptr) return at.over->topics()->publish(at.where, from);
    return channel_topics{*at.over}.publish(at.where, from);
}

topic_carrier::started subscribe_at(const place& at, local_subscriber& to) {
    if (at.over->topics() != nullptr) return at.over->topics()->subscribe(at.where, to);
    return channel_topics{*at.over}.subscribe(at.where, to);
}

}  // namespace

publisher_options options_at(const place& at, const wire::type_descriptor& type,
                             publisher_options options) {
    const topic_carrier* const native = at.over->topics();
    const std::uint64_t most =
        native != nullptr ? native->message_bytes_max() : relayed_bytes_over(*at.over);
    const std::uint64_t wanted = type.has_fixed_size() ? type.size() : options.payload_bytes_max;
    if (wanted > most) {
        throw error{errc::unsupported, "publish to topic", at.address,
                    "a message of " + std::to_string(wanted) + " bytes is longer than the " +
                        std::to_string(most) + " that can be carried there"};
    }
    if (!type.has_fixed_size() && wanted == 0) options.payload_bytes_max = most;
    return options;
}

relayed_publisher::relayed_publisher(const place& at, shm::topic_publisher& engine,
                                     const publisher_options& options)
    : local_{engine, options}, address_{at.address}, thread_{relay_thread::of(engine.plane())} {
    auto begun = publish_at(at, local_);
    if (!begun.address.empty()) address_ = std::move(begun.address);
    group_ = thread_->start(std::move(begun.first));
}

relayed_publisher::~relayed_publisher() {
    thread_->finish(group_, after(linger_limit));
}

relayed_subscriber::relayed_subscriber(const place& at, shm::topic_subscriber& engine,
                                       const wire::type_descriptor* type,
                                       const subscriber_options& options)
    : known_{std::make_shared<writers_known>(at.address)},
      local_{engine, type, options, known_},
      thread_{relay_thread::of(engine.plane())} {
    group_ = thread_->start(subscribe_at(at, local_).first);
}

relayed_subscriber::~relayed_subscriber() {
    thread_->finish(group_, after(linger_limit));
}

}  // namespace signet::transport::relay
