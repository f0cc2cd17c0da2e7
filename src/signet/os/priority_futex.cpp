// SPDX-License-Identifier: Apache-2.0
#include <signet/os/priority_futex.hpp>

#include <signet/os/kernel.hpp>

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

namespace signet::os {

static_assert(priority_waiters_bit == FUTEX_WAITERS);
static_assert(priority_died_bit == FUTEX_OWNER_DIED);
static_assert(priority_thread_mask == FUTEX_TID_MASK);

priority_result priority_lock(std::uint32_t& word, deadline until) {
    const kernel_timeout timeout = kernel_timeout::absolute(until);
    const long result = call(SYS_futex, &word, FUTEX_LOCK_PI2, 0, timeout.get(), nullptr, 0);
    switch (result) {
        case -ETIMEDOUT: return priority_result::timed_out;
        case -EINTR: return priority_result::interrupted;
        case -EAGAIN: return priority_result::changed;
        case -ESRCH: return priority_result::owner_gone;
        case -EDEADLK: return priority_result::own;
        default: break;
    }
    check(result, "wait for a word with priority inheritance", {},
          result == -ENOSYS ? "it takes Linux 5.14" : "");
    return priority_result::taken;
}

void priority_unlock(std::uint32_t& word) {
    check(call(SYS_futex, &word, FUTEX_UNLOCK_PI, 0, nullptr, nullptr, 0),
          "give up a word with priority inheritance");
}

std::uint64_t pid_namespace() {
    struct stat facts{};
    check(call(SYS_newfstatat, AT_FDCWD, "/proc/self/ns/pid", &facts, 0), "look at",
          "/proc/self/ns/pid");
    return facts.st_ino;
}

}  // namespace signet::os
