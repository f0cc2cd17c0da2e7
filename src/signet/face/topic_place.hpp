// SPDX-License-Identifier: Apache-2.0
// Where a topic is: "robot/pose" in shared memory, "tcp://host:7000" elsewhere. Any thread.
#pragma once

#include <signet/transport/relay/relayed_topic.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace signet::face {

struct topic_place {
    std::string engine_name;                             ///< in shared memory
    std::optional<transport::relay::place> elsewhere{};  ///< none: in shared memory alone
};

/// Throws `error`: bad_name, unsupported where the carrier has no topics.
topic_place place_to_publish(std::string_view name);

/// The same; in shared memory it may be a pattern.
topic_place place_to_subscribe(std::string_view name);

}  // namespace signet::face
