// SPDX-License-Identifier: Apache-2.0
// Messages keep their boundaries, and the death of the other process is told after its last one.
#include <signet/error.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/unix_socket.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <csignal>
#include <cstdio>
#include <string_view>

namespace os = signet::os;

void talk_and_die(os::seqpacket_socket socket) {
    for (const std::string_view text : {"one", "three"}) {
        socket.try_send(std::as_bytes(std::span{text}));
    }
    std::raise(SIGKILL);
}

int main() try {
    auto [here, there] = os::seqpacket_socket::pair();
    if (fork() == 0) talk_and_die(std::move(there));
    there = os::seqpacket_socket{os::descriptor{}};  // closes it here
    std::array<char, 64> text{};
    while (os::wait_readable(here.fd(), signet::never)) {
        const auto got = here.try_receive(std::as_writable_bytes(std::span{text}));
        if (got.status == os::receive_status::closed) break;
        std::printf("'%.*s'\n", static_cast<int>(got.bytes), text.data());
    }
    std::printf("the other process is gone\n");
    wait(nullptr);
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "unix_seqpacket: %s\n", problem.what());
    return 1;
}
