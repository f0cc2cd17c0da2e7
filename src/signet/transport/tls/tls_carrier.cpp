// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/tls/tls_carrier.hpp>

#include <signet/base/error.hpp>
#include <signet/transport/channel_frame.hpp>
#include <signet/transport/stream_listener.hpp>
#include <signet/transport/tls/tls_door.hpp>

#include <map>
#include <mutex>
#include <utility>

namespace signet::transport::tls {
namespace {

constexpr carrier_facts our_facts{
    .scheme = "tls",
    .addresses = "tls://host:port, tls://[v6]:port, tls://*:port",
    .use_when = "they are on two machines, and each must know who the other is",
    .message_bytes_max = frame_header::length_max - os::message_descriptors_max,
    .peers = identification::certificate,
    .crosses_machines = true,
    .speaks_plain = true,
    .shares_names = true,
};

struct known_options {
    std::mutex guard;
    std::map<std::string, tls_options> by_address;
};

known_options& known() {
    static known_options all;
    return all;
}

std::shared_ptr<const tls_context> context_for(const tcp::tcp_name& name,
                                               const std::string& where) {
    known_options& all = known();
    const std::lock_guard locked{all.guard};
    auto found = all.by_address.find(where);
    if (found == all.by_address.end()) found = all.by_address.find("");
    if (found != all.by_address.end()) {
        return std::make_shared<const tls_context>(name.text(), found->second);
    }
    throw error{errc::bad_option, "use TLS at", name.text(),
                "say first who you are and whom you trust: signet::use_tls({…})"};
}

class tls_carrier final : public carrier {
public:
    const carrier_facts& facts() const noexcept override { return our_facts; }

    std::unique_ptr<channel_end> connect(const std::string& where, const channel_types& types,
                                         const channel_options& options) const override {
        const tcp::tcp_name to{our_facts.scheme, where};
        const deadline until = after(options.handshake_limit);
        const std::string host = to.is_any() ? "localhost" : to.host();
        tls_session session{context_for(to, where), tls_role::connects, to.text(), host};
        auto stream = std::make_unique<tls_stream>(tcp::tcp_end::connect(to, until),
                                                   std::move(session), to.text());
        stream->shake_hands(until);
        return stream_channel::connect(std::move(stream), to.text(), types, options, until);
    }

    std::unique_ptr<channel_listener> listen(const std::string& where, const channel_types& types,
                                             const channel_options& options) const override {
        const tcp::tcp_name at{our_facts.scheme, where};
        return std::make_unique<stream_listener<tls_door>>(types, options, at,
                                                           context_for(at, where), options);
    }
};

}  // namespace

const carrier& the_carrier() noexcept {
    static const tls_carrier only;
    return only;
}

void set_options(const std::string& where, tls_options options) {
    known_options& all = known();
    const std::lock_guard locked{all.guard};
    all.by_address.insert_or_assign(where, std::move(options));
}

}  // namespace signet::transport::tls
