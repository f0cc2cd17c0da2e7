// SPDX-License-Identifier: Apache-2.0
#include "catalogue.hpp"
#include "udp_end.hpp"

#include <utility>

namespace signet::command {
namespace {

class udp_exchange final : public exchange {
public:
    std::unique_ptr<mechanism_end> asking() override { return end(asking_, answering_); }
    std::unique_ptr<mechanism_end> answering() override { return end(answering_, asking_); }

private:
    static std::unique_ptr<mechanism_end> end(os::udp_socket& own, const os::udp_socket& other) {
        const os::ip_address peer = other.local_address();
        return std::make_unique<udp_end>(std::move(own), peer);
    }

    os::udp_socket asking_{os::ip_address::loopback(os::ip_version::v4)};
    os::udp_socket answering_{os::ip_address::loopback(os::ip_version::v4)};
};

}  // namespace

mechanism udp_row() {
    return {.name = "udp",
            .header = "signet/os/udp_socket.hpp",
            .boundaries = true,
            .direction = "any to any",
            .persistence = "until it is received; lost where a queue is full",
            .message_bytes_max = os::udp_bytes_max(os::ip_version::v4),
            .left_behind = "nothing, and nobody is told",
            .use_when = "the newest value matters, not each; here confirmed, to lose none",
            .stream_bytes = udp_stream_bytes,
            .prepare = [](const std::string&) -> std::unique_ptr<exchange> {
                return std::make_unique<udp_exchange>();
            }};
}

}  // namespace signet::command
