// SPDX-License-Identifier: Apache-2.0
// A server at a port of the kernel's choice answers one question; a dead server is told by name.
#include <signet/error.hpp>
#include <signet/os/tcp_listener.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cstdio>
#include <string_view>

namespace os = signet::os;
using namespace std::chrono_literals;

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span{text});
}

void serve(os::tcp_listener& listener) {
    std::optional<os::tcp_socket> client = listener.accept(signet::never);
    std::array<std::byte, 4> question{};
    client->read_all(question, signet::after(10s));
    client->write_all(bytes_of("pong"), signet::after(10s));
}

void ask(const os::ip_address& server) {
    os::tcp_socket socket = os::tcp_socket::connect(server, signet::after(10s));
    socket.set_no_delay(os::toggle::on);  // small messages are sent at once
    socket.write_all(bytes_of("ping"), signet::after(10s));
    std::array<char, 4> answer{};
    socket.read_all(std::as_writable_bytes(std::span{answer}), signet::after(10s));
    std::printf("ping, %.4s\n", answer.data());
}

int main() try {
    std::optional<os::tcp_listener> listener{os::ip_address::loopback(os::ip_version::v4)};
    const os::ip_address server = listener->local_address();
    if (fork() == 0) {
        serve(*listener);
        return 0;
    }
    listener.reset();
    ask(server);
    wait(nullptr);
    try {
        ask(server);
    } catch (const signet::error& problem) {
        std::printf("%s\n", problem.code().message().c_str());
    }
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "tcp: %s\n", problem.what());
    return 1;
}
