// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"
#include "udp_end.hpp"

#include <signet/os/network_interface.hpp>

#include <utility>

namespace signet::command {
namespace {

// Both join the group; each has a port of its own, so that it does not hear itself.
class multicast_exchange final : public exchange {
public:
    multicast_exchange() {
        const unsigned loopback = os::interface_index("lo");
        for (os::udp_socket* socket : {&asking_, &answering_}) {
            socket->join(group_, loopback);
            socket->set_multicast_interface(loopback);
            socket->set_multicast_hops(0);
        }
    }

    std::unique_ptr<mechanism_end> asking() override { return end(asking_, answering_); }
    std::unique_ptr<mechanism_end> answering() override { return end(answering_, asking_); }

private:
    std::unique_ptr<mechanism_end> end(os::udp_socket& own, const os::udp_socket& other) {
        const os::ip_address peer = group_.with_port(other.local_address().port());
        return std::make_unique<udp_end>(std::move(own), peer);
    }

    os::ip_address group_ = os::ip_address::parse("239.255.83.73");
    os::udp_socket asking_{os::ip_address::any(os::ip_version::v4)};
    os::udp_socket answering_{os::ip_address::any(os::ip_version::v4)};
};

}  // namespace

mechanism udp_multicast_row() {
    return {.name = "udp multicast",
            .header = "signet/os/udp_socket.hpp",
            .boundaries = true,
            .direction = "one to many",
            .persistence = "until it is received; lost where a queue is full",
            .message_bytes_max = os::udp_bytes_max(os::ip_version::v4),
            .left_behind = "nothing, and nobody is told",
            .use_when = "many machines receive the same; here confirmed, to lose none",
            .stream_bytes = udp_stream_bytes,
            .prepare = [](const std::string&) -> std::unique_ptr<exchange> {
                return std::make_unique<multicast_exchange>();
            }};
}

}  // namespace signet::command
