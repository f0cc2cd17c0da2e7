// SPDX-License-Identifier: Apache-2.0
#include <signet/error.hpp>
#include <signet/os/mapping.hpp>
#include <signet/os/memfd.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace os = signet::os;

constexpr std::size_t page = 4096;

// Another process has the descriptor: inherited here, sent over a unix socket elsewhere.
void read_and_try_to_write(const os::descriptor& received) {
    if (os::inspect_memory(received).bytes != page) return;  // not what we agreed on
    const os::mapping memory = os::mapping::read_only(received, page);
    std::printf("%.20s\n", reinterpret_cast<const char*>(memory.data()));
    try {
        os::mapping::read_write(received, page);
    } catch (const signet::error& e) {
        std::printf("%s\n", e.what());
    }
}

int main() {
    const os::descriptor memory = os::create_memfd("greeting", page);
    os::allocate(memory, 0, page);  // no SIGBUS later
    const os::mapping own = os::mapping::read_write(memory, page);
    // From now on only this mapping writes, and nobody takes pages from under a reader.
    os::add_seals(memory,
                  os::seals::shrink | os::seals::grow | os::seals::future_write | os::seals::seal);
    std::strcpy(reinterpret_cast<char*>(own.data()), "hello");

    const pid_t reader = fork();
    if (reader == 0) {
        read_and_try_to_write(memory);
        std::fflush(stdout);
        _exit(0);
    }
    waitpid(reader, nullptr, 0);
}
