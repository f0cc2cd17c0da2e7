// SPDX-License-Identifier: Apache-2.0
// Topics over any carrier of channels. The publisher listens, and has a session for each who
// connects; where nobody can listen (exec, pipe), it is one session. The subscriber connects, and
// connects again when it was lost. Thread rules are those of topic_carrier.hpp.
#pragma once

#include <signet/transport/carrier.hpp>
#include <signet/transport/topic_carrier.hpp>

#include <cstdint>
#include <string>

namespace signet::transport::relay {

class channel_topics final : public topic_carrier {
public:
    /// The carrier lasts as long as the process.
    explicit channel_topics(const carrier& over) : over_{&over} {}

    started publish(const std::string& where, local_publisher& from) const override;
    started subscribe(const std::string& where, local_subscriber& to) const override;

private:
    const carrier* over_;
};

/// The longest message of a topic over this carrier.
std::uint64_t relayed_bytes_over(const carrier& over);

}  // namespace signet::transport::relay
