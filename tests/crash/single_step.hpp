// SPDX-License-Identifier: Apache-2.0
// Killing a process after its n-th instruction: a tracer that steps it through an operation. What
// is between two shared accesses dies with the process; this is the proof that nothing else does
// not. For single-threaded children of the calling thread.
#pragma once

#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <string>

namespace signet::tests {

/// In the child: what follows is stepped through, until it ends or the child stops once more.
inline void stop_to_be_stepped() {
    kill(getpid(), SIGSTOP);
}

class tracer {
public:
    /// Attaches to a child. Where that is not permitted, kills the child and throws.
    explicit tracer(pid_t pid) : pid_{pid} {
        if (ptrace(PTRACE_SEIZE, pid, nullptr, PTRACE_O_EXITKILL) == 0) return;
        const int reason = errno;
        kill_it();
        throw std::runtime_error{std::string{"ptrace: "} + std::strerror(reason) +
                                 "; allow it: docker run --cap-add SYS_PTRACE, and "
                                 "kernel.yama.ptrace_scope below 3"};
    }

    /// Waits until the child stops itself. False: it ended.
    bool await_stop() {
        int status = 0;
        return waitpid(pid_, &status, __WALL) == pid_ && WIFSTOPPED(status) &&
               WSTOPSIG(status) == SIGSTOP;
    }

    /// Makes `n` steps. False: it ended, or stopped itself, before.
    bool step(long n) {
        for (; n != 0; --n) {
            int status = 0;
            if (ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) != 0) return false;
            if (waitpid(pid_, &status, __WALL) != pid_) return false;
            if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) return false;
        }
        return true;
    }

    void kill_it() {
        kill(pid_, SIGKILL);
        int status = 0;
        while (waitpid(pid_, &status, __WALL) == pid_ && !WIFSIGNALED(status)) {
        }
    }

private:
    pid_t pid_;
};

}  // namespace signet::tests
