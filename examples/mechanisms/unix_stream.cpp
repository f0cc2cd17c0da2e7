// SPDX-License-Identifier: Apache-2.0
// A process gives another one an open descriptor; that one makes sure of who it is first.
#include <signet/error.hpp>
#include <signet/os/event.hpp>
#include <signet/os/process.hpp>
#include <signet/os/unix_stream.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cstdio>
#include <string>

namespace os = signet::os;

void give_bell(const os::unix_address& address, const os::event& bell) {
    auto server = os::unix_stream_socket::connect(address, signet::never);
    server->send(std::array{std::byte{'b'}}, std::array{bell.fd()}, signet::never);
}

int main() try {
    // an abstract name needs no directory, and keeps nobody out
    const auto address = os::unix_address::abstract("signet-example-" + std::to_string(getpid()));
    os::unix_stream_listener listener{address};
    os::event bell;
    if (fork() == 0) {
        give_bell(address, bell);
        return 0;
    }
    auto client = listener.accept(signet::never);
    if (client->credentials().uid != os::current_uid()) return 1;
    std::array<std::byte, 1> letter{};
    os::unix_stream_received got = client->receive(letter, 1, signet::never);
    os::signal_event(got.descriptors.at(0));
    std::printf("the bell that came was %s\n", bell.drain() ? "ours" : "another");
    wait(nullptr);
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "unix_stream: %s\n", problem.what());
    return 1;
}
