// SPDX-License-Identifier: Apache-2.0
// Topics on UDP multicast, `udp://239.1.2.3:7000`: one send reaches all who listen, none is held
// back by another, and what gets lost is lost, and counted.
#pragma once

#include <signet/transport/topic_carrier.hpp>

namespace signet::transport::udp {

class udp_topics final : public topic_carrier {
public:
    started publish(const std::string& where, local_publisher& from) const override;
    started subscribe(const std::string& where, local_subscriber& to) const override;
    std::uint64_t message_bytes_max() const noexcept override;
};

}  // namespace signet::transport::udp
