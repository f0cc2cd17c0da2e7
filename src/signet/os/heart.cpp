// SPDX-License-Identifier: Apache-2.0
#include <signet/os/heart.hpp>

#include <signet/os/kernel.hpp>
#include <signet/os/process.hpp>

#include <linux/futex.h>
#include <sys/syscall.h>

#include <atomic>

namespace signet::os {

static_assert(heart_stopped == FUTEX_OWNER_DIED);

// The list itself is empty, that is, it points to itself. The word is its pending entry, which the
// kernel treats like the others and of which it follows no pointer: none lies in shared memory.
heart::heart(std::uint32_t& word) : list_{&list_, 0, &word} {
    static_assert(sizeof(list) == sizeof(robust_list_head));
    const auto alive = static_cast<std::uint32_t>(current_thread()) | FUTEX_WAITERS;
    std::atomic_ref{word}.store(alive, std::memory_order_relaxed);  // relaxed: a hint
    check(call(SYS_set_robust_list, &list_, sizeof(list_)), "watch over a thread's end");
}

heart::~heart() {
    call(SYS_set_robust_list, nullptr, sizeof(list_));
    std::atomic_ref{*list_.pending}.store(0, std::memory_order_relaxed);  // relaxed: a hint
}

}  // namespace signet::os
