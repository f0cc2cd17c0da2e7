// SPDX-License-Identifier: Apache-2.0
// One datagram to a group, received by two processes.
#include <signet/error.hpp>
#include <signet/os/network_interface.hpp>
#include <signet/os/udp_socket.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cstdio>
#include <string_view>

namespace os = signet::os;

const os::ip_address group = os::ip_address::parse("239.255.83.74");

void receive(os::udp_socket& member) {
    std::array<char, 5> text{};  // shorter than what comes
    auto got = member.receive(std::as_writable_bytes(std::span{text}),
                              signet::after(std::chrono::seconds{10}));
    std::printf("'%.*s'%s\n", static_cast<int>(got.bytes), text.data(),
                got.truncated ? ", and the rest is lost" : "");
}

int main() try {
    const unsigned loopback = os::interface_index("lo");
    const os::udp_options shared{.share_port = os::toggle::on};
    os::udp_socket first{os::ip_address::any(os::ip_version::v4), shared};
    const auto port = first.local_address().port();
    os::udp_socket second{os::ip_address::any(os::ip_version::v4, port), shared};
    first.join(group, loopback);
    second.join(group, loopback);
    if (fork() == 0) {
        constexpr std::string_view text = "hello, all";
        first.set_multicast_interface(loopback);
        first.send_to(group.with_port(port), std::as_bytes(std::span{text}), signet::never);
        return 0;
    }
    receive(first);
    receive(second);
    wait(nullptr);
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "udp: %s\n", problem.what());
    return 1;
}
