// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tcp/tcp_carrier.hpp>

#include <signet/transport/channel_frame.hpp>
#include <signet/transport/stream_listener.hpp>
#include <signet/transport/tcp/tcp_end.hpp>

#include <utility>

namespace signet::transport::tcp {
namespace {

constexpr carrier_facts our_facts{
    .scheme = "tcp",
    .addresses = "tcp://host:port, tcp://[v6]:port, tcp://*:port",
    .use_when = "they are on two machines, in a network that is trusted",
    .message_bytes_max = frame_header::length_max - os::message_descriptors_max,
    .peers = identification::address,
    .crosses_machines = true,
    .speaks_plain = true,
    .shares_names = true,
};

class tcp_carrier final : public carrier {
public:
    const carrier_facts& facts() const noexcept override { return our_facts; }

    std::unique_ptr<channel_end> connect(const std::string& where, const channel_types& types,
                                         const channel_options& options) const override {
        const tcp_name to{our_facts.scheme, where};
        const deadline until = after(options.handshake_limit);
        auto stream = tcp_end::connect(to, until);
        return stream_channel::connect(std::move(stream), to.text(), types, options, until);
    }

    std::unique_ptr<channel_listener> listen(const std::string& where, const channel_types& types,
                                             const channel_options& options) const override {
        return std::make_unique<stream_listener<tcp_door>>(
            types, options, tcp_name{our_facts.scheme, where}, options);
    }
};

}  // namespace

const carrier& the_carrier() noexcept {
    static const tcp_carrier only;
    return only;
}

}  // namespace signet::transport::tcp
