// SPDX-License-Identifier: Apache-2.0
// What a process that may die at any moment leaves to its parent, in memory they share.
#pragma once

#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <thread>

namespace signet::tests {

struct last_words {
    std::atomic<std::uint64_t> published;  ///< publications that have returned
    std::atomic<std::uint64_t> received;   ///< messages received and found to be the next ones
    std::atomic<bool> ready;               ///< it has joined, and waits for `go`
    std::atomic<bool> go;                  ///< set by the parent
    std::atomic<bool> faulty;              ///< it received what it should not have
    std::array<char, 64> state;            ///< what it was about to do when it was killed

    void clear() noexcept {
        published = 0;
        received = 0;
        ready = false;
        go = false;
        faulty = false;
        state.fill('\0');
    }
};

/// In memory that this process shares with the children it forks.
inline last_words& shared_last_words() {
    static void* const page = mmap(nullptr, sizeof(last_words), PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return *static_cast<last_words*>(page);
}

/// Forks a child that does not outlive the thread which calls this, however that ends.
inline pid_t fork_mortal() {
    const pid_t pid = fork();
    if (pid == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

/// In the child: it has joined; waits until the parent is ready too.
inline void await_go() {
    last_words& words = shared_last_words();
    words.ready = true;
    while (!words.go) std::this_thread::yield();  // not asleep: that is waited for
}

}  // namespace signet::tests
