// SPDX-License-Identifier: Apache-2.0
#include <signet/os/futex.hpp>
#include <signet/os/posix_shm.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>

namespace os = signet::os;

struct board {
    double temperature;
    std::uint32_t ready;
};

void measure(const std::string& name) {
    const os::posix_shm memory = os::posix_shm::open(name);
    if (memory.size() < sizeof(board)) return;  // somebody else's memory
    auto& shared = *reinterpret_cast<board*>(memory.data());
    shared.temperature = 21.5;
    std::atomic_ref{shared.ready}.store(1);
    os::futex_wake(shared.ready, 1);
}

int main() {
    const std::string name = "/signet-example-" + std::to_string(getpid());
    const os::posix_shm memory = os::posix_shm::create(name, sizeof(board));
    auto& shared = *reinterpret_cast<board*>(memory.data());

    const pid_t sensor = fork();
    if (sensor == 0) {
        measure(name);
        _exit(0);
    }
    while (std::atomic_ref{shared.ready}.load() == 0)
        os::futex_wait(shared.ready, 0, signet::never);
    std::printf("%.1f degrees\n", shared.temperature);
    waitpid(sensor, nullptr, 0);
}
