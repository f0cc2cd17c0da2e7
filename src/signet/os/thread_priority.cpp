// SPDX-License-Identifier: Apache-2.0
#include <signet/os/thread_priority.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <sched.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>

namespace signet::os {
namespace {

// As of its first version (linux/sched/types.h).
struct sched_attributes {
    std::uint32_t size, policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime, deadline, period;
};
static_assert(sizeof(sched_attributes) == 48);

constexpr unsigned level_most = 99;  // of Linux, for all real-time policies
constexpr int nice_least = -20;

// False: it is not permitted.
bool set(const thread_schedule& wanted) {
    const sched_attributes all{.size = sizeof all,
                               .policy = wanted.policy,
                               .flags = 0,
                               .nice = wanted.nice,
                               .priority = wanted.level,
                               .runtime = 0,
                               .deadline = 0,
                               .period = 0};
    const long result = call(SYS_sched_setattr, 0, &all, 0);
    if (result == -EPERM) return false;
    check(result, "set the priority of this thread");
    return true;
}

bool is_usual(const thread_schedule& one) {
    return one.policy == SCHED_OTHER || one.policy == SCHED_BATCH || one.policy == SCHED_IDLE;
}

bool is_enough(const thread_schedule& now, unsigned level) {
    return !is_usual(now) && (now.level >= level || now.policy == SCHED_DEADLINE);
}

}  // namespace

thread_schedule current_thread_schedule() {
    sched_attributes all{};
    check(call(SYS_sched_getattr, 0, &all, sizeof all, 0), "ask for the priority of this thread");
    return {.policy = all.policy, .nice = all.nice, .level = all.priority};
}

std::optional<raised_priority> raised_priority::raise(unsigned level) {
    level = std::min(level, level_most);
    const thread_schedule before = current_thread_schedule();
    if (is_enough(before, level)) return raised_priority{std::nullopt};
    // The nice value stays as it is meanwhile: going back to one that is less needs a right.
    if (set({.policy = SCHED_FIFO, .nice = before.nice, .level = level})) {
        return raised_priority{before};
    }
    const int nicer = std::max(before.nice - static_cast<int>(level), nice_least);
    if (before.policy != SCHED_OTHER || !set({.policy = SCHED_OTHER, .nice = nicer, .level = 0})) {
        return std::nullopt;
    }
    return raised_priority{before};
}

raised_priority::~raised_priority() {
    if (!before_) return;
    try {
        set(*before_);  // to be less urgent is always permitted
    } catch (const error&) {
        // it stays as it is: there is nobody to tell
    }
}

}  // namespace signet::os
