// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/udp/udp_carrier.hpp>

#include <signet/transport/udp/udp_dial.hpp>
#include <signet/transport/udp/udp_frame.hpp>
#include <signet/transport/udp/udp_listener.hpp>
#include <signet/transport/udp/udp_topics.hpp>

namespace signet::transport::udp {
namespace {

constexpr carrier_facts our_facts{
    .scheme = "udp",
    .addresses = "udp://host:port, udp://[v6]:port, udp://*:port, udp://group:port",
    .use_when = "what comes late is worth nothing: readings, positions, sound",
    .message_bytes_max = message_bytes_most,
    .peers = identification::address,
    .ordered = false,
    .reliable = false,
    .tells_death = false,
    .crosses_machines = true,
    .speaks_plain = true,
    .topics = support::native,
};

class udp_carrier final : public carrier {
public:
    const carrier_facts& facts() const noexcept override { return our_facts; }

    std::unique_ptr<channel_end> connect(const std::string& where, const channel_types& types,
                                         const channel_options& options) const override {
        return dial(tcp::tcp_name{our_facts.scheme, where}, types, options);
    }

    std::unique_ptr<channel_listener> listen(const std::string& where, const channel_types& types,
                                             const channel_options& options) const override {
        return std::make_unique<udp_listener>(tcp::tcp_name{our_facts.scheme, where}, types,
                                              options);
    }

    const topic_carrier* topics() const noexcept override { return &topics_; }

private:
    udp_topics topics_;
};

}  // namespace

const carrier& the_carrier() noexcept {
    static const udp_carrier only;
    return only;
}

}  // namespace signet::transport::udp
