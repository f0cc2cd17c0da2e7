// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_topics.hpp>

#include <signet/transport/udp/udp_group.hpp>
#include <signet/transport/udp/udp_inlet.hpp>
#include <signet/transport/udp/udp_outlet.hpp>

namespace signet::transport::udp {

topic_carrier::started udp_topics::publish(const std::string& where, local_publisher& from) const {
    udp_group group{where};
    const std::string address = group.text();
    return {std::make_unique<udp_outlet>(std::move(group), from), address};
}

topic_carrier::started udp_topics::subscribe(const std::string& where, local_subscriber& to) const {
    const udp_group group{where};
    return {std::make_unique<udp_inlet>(group, to), group.text()};
}

std::uint64_t udp_topics::message_bytes_max() const noexcept {
    return topic_message_bytes_max;
}

}  // namespace signet::transport::udp
