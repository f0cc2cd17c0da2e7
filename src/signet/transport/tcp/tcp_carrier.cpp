// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tcp/tcp_carrier.hpp>

#include <signet/transport/channel_frame.hpp>
#include <signet/transport/stream_channel.hpp>
#include <signet/transport/tcp/tcp_end.hpp>

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
};

class tcp_listener final : public channel_listener {
public:
    tcp_listener(const tcp_name& at, const channel_types& types, const channel_options& options)
        : door_{at, after(options.handshake_limit)}, types_{types}, options_{options} {}

    std::unique_ptr<channel_end> accept(const patience& limit) override {
        auto stream = door_.accept(limit);
        if (!stream) return nullptr;
        return stream_channel::accept(std::move(stream), door_.text(), types_, options_);
    }
    std::string address() const override { return door_.text(); }
    int fd() override { return door_.fd(); }

private:
    tcp_door door_;
    channel_types types_;
    channel_options options_;
};

class tcp_carrier final : public carrier {
public:
    const carrier_facts& facts() const noexcept override { return our_facts; }

    std::unique_ptr<channel_end> connect(const std::string& where, const channel_types& types,
                                         const channel_options& options) const override {
        const tcp_name to{our_facts.scheme, where};
        auto stream = tcp_end::connect(to, after(options.handshake_limit));
        return stream_channel::connect(std::move(stream), to.text(), types, options);
    }

    std::unique_ptr<channel_listener> listen(const std::string& where, const channel_types& types,
                                             const channel_options& options) const override {
        return std::make_unique<tcp_listener>(tcp_name{our_facts.scheme, where}, types, options);
    }
};

}  // namespace

const carrier& the_carrier() noexcept {
    static const tcp_carrier only;
    return only;
}

}  // namespace signet::transport::tcp
