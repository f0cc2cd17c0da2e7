// SPDX-License-Identifier: Apache-2.0
// A topic over TCP: the publisher is at an address, subscribers connect to it, also from other
// machines. Nothing else changes; `tls://`, `unix://` or `exec:` would do as well.
#include <signet/publisher.hpp>
#include <signet/subscriber.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>

struct reading {
    std::string sensor;
    double celsius;
};

int watch(const std::string& where) {
    // block: the publisher waits for us where we are slow, all along the way
    signet::subscriber<reading> readings{where, {.policy = signet::delivery::block}};
    for (int i = 0; i < 3; ++i) {
        const auto got = readings.receive();
        std::printf("%s: %.1f\n", got->sensor.c_str(), got->celsius);
    }
    std::fflush(stdout);
    return 0;
}

int main() try {
    int port_told[2];
    if (pipe(port_told) != 0) return 1;
    const pid_t watcher = fork();
    if (watcher == 0) {
        char where[64] = {};
        if (read(port_told[0], where, sizeof(where) - 1) <= 0) _exit(1);
        _exit(watch(where));
    }
    signet::publisher<reading> readings{"tcp://127.0.0.1:0"};
    const std::string& where = readings.topic();  // with the port that the system chose
    if (write(port_told[1], where.data(), where.size()) < 0) return 1;
    readings.wait_for_subscribers(1);
    for (const double celsius : {21.5, 21.7, 21.6}) readings.publish({"kitchen", celsius});
    waitpid(watcher, nullptr, 0);
    std::puts("all of them arrived");
} catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
}
