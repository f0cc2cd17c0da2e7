// SPDX-License-Identifier: Apache-2.0
#include <signet/os/sysv_shm.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

namespace os = signet::os;

// A number both programs know. Here it comes from the pid, so that two runs do not meet.
os::shm_key example_key() {
    return os::shm_key{0x51670000 ^ getpid()};
}

void fill(os::shm_key key) {
    const os::sysv_shm memory = os::sysv_shm::open(key);
    for (std::byte& byte : memory.bytes()) byte = std::byte{7};
}

int main() {
    const os::shm_key key = example_key();
    os::sysv_shm memory = os::sysv_shm::create(key, 1000);

    const pid_t other = fork();
    if (other == 0) {
        fill(key);
        _exit(0);
    }
    waitpid(other, nullptr, 0);

    memory.mark_for_removal();  // all who need it have it: now a death leaves nothing
    int sum = 0;
    for (const std::byte byte : memory.bytes()) sum += static_cast<int>(byte);
    std::printf("sum %d, attached %d, found by its key: %s\n", sum,
                static_cast<int>(memory.facts().attached),
                os::sysv_shm::try_open(key) ? "yes" : "no");
}
