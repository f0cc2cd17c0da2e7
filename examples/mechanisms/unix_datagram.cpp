// SPDX-License-Identifier: Apache-2.0
// Three processes report to one; the sender waits where the queue is full, so nothing is lost.
#include <signet/error.hpp>
#include <signet/os/unix_datagram.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace os = signet::os;

constexpr int reporters = 3;
constexpr int reports = 100;  // more than a queue holds

void report(const os::directory& place) {
    os::unix_datagram_socket socket;
    const os::unix_address to{place, "reports"};
    for (int i = 0; i < reports; ++i) socket.send_to(to, std::array{std::byte{1}}, signet::never);
}

int main() try {
    std::string path = "/tmp/signet-example-XXXXXX";
    const os::directory place = os::directory::open(mkdtemp(path.data()));
    os::unix_datagram_socket receiver{place, "reports"};
    for (int i = 0; i < reporters; ++i) {
        if (fork() != 0) continue;
        report(place);
        return 0;
    }
    std::array<std::byte, 16> buffer{};
    int received = 0;
    while (received < reporters * reports) {
        const auto got = receiver.receive(buffer, signet::never);
        if (got.credentials && got.credentials->uid == getuid()) ++received;
    }
    std::printf("received %d reports\n", received);
    while (wait(nullptr) > 0) {
    }
    place.remove("reports");
    rmdir(path.c_str());
    return 0;
} catch (const signet::error& problem) {
    std::fprintf(stderr, "unix_datagram: %s\n", problem.what());
    return 1;
}
