// SPDX-License-Identifier: Apache-2.0
#include <signet/os/sysv_lookout.hpp>

#include <signet/os/descriptor.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/signal.hpp>

#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace signet::os {
namespace {

// A page that this process and the one it makes write to; zero at first.
class shared_page {
public:
    shared_page()
        : address_{check(call(SYS_mmap, nullptr, bytes, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0),
                         "map memory for a wait")} {}
    shared_page(const shared_page&) = delete;
    shared_page& operator=(const shared_page&) = delete;
    ~shared_page() { call(SYS_munmap, address_, bytes); }

    long* get() const noexcept { return reinterpret_cast<long*>(address_); }

private:
    static constexpr long bytes = 4096;

    long address_;
};

// Runs in the new process, with every signal blocked, and calls nothing but the kernel.
long stand_watch(long parent, int id, long selector, int flags, long* type) {
    if (call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) return 1;
    if (call(SYS_getppid) != parent) return 1;  // it died before it could be told
    // EINTR: a stop that was continued; nothing was taken.
    return call_uninterrupted(SYS_msgrcv, id, type, 0, selector, flags) < 0 ? 1 : 0;
}

// It shares the table of descriptors, so that none stays open on its account, and is told to nobody
// when it ends (no SIGCHLD, no wait() of the host).
class watchman {
public:
    watchman(int id, long selector, int flags, long* type) : handle_{-1} {
        const long parent = call(SYS_getpid);
        const blocked_signals none_runs_a_handler_there;
        int pidfd = -1;
        const long pid =
            call(SYS_clone, CLONE_FILES | CLONE_PIDFD, nullptr, &pidfd, nullptr, nullptr);
        if (pid == 0) call(SYS_exit_group, stand_watch(parent, id, selector, flags, type));
        check(pid, "start a process that waits for a message", {},
              pid == -EAGAIN ? "raise the limit of processes (ulimit -u, pids.max)" : "");
        handle_ = descriptor{pidfd};
    }
    watchman(const watchman&) = delete;
    watchman& operator=(const watchman&) = delete;
    ~watchman() {
        call(SYS_pidfd_send_signal, handle_.get(), SIGKILL, nullptr, 0);
        // EINTR: it is being killed, so the wait goes on.
        call_uninterrupted(SYS_waitid, P_PIDFD, handle_.get(), nullptr, WEXITED | __WALL, nullptr);
    }

    int fd() const noexcept { return handle_.get(); }

private:
    descriptor handle_;
};

}  // namespace

sysv_sighting look_out(int id, long selector, int flags, deadline until) {
    const shared_page page;
    sysv_sighting seen;
    {
        const watchman there{id, selector, flags, page.get()};
        seen.came = wait_readable(there.fd(), until);
    }
    seen.taken = *page.get();
    return seen;
}

}  // namespace signet::os
