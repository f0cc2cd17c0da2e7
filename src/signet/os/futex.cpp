// SPDX-License-Identifier: Apache-2.0
#include <signet/os/futex.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <linux/futex.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace signet::os {
namespace {

constexpr unsigned word_of_32_bits = 2;  // FUTEX_32

static_assert(futex_waiters_max == FUTEX_WAITV_MAX);

// EINTR is an outcome, not a failure: only the caller knows whether the signal ended its wait.
futex_result outcome(long result) {
    switch (result) {
        case -EAGAIN: return futex_result::changed;
        case -ETIMEDOUT: return futex_result::timed_out;
        case -EINTR: return futex_result::interrupted;
        default: check(result, "wait on a shared word"); return futex_result::woken;
    }
}

futex_waitv as_kernel_waiter(const futex_waiter& waiter) {
    futex_waitv one{};
    one.val = waiter.expected;
    one.uaddr = reinterpret_cast<std::uintptr_t>(waiter.word);
    one.flags = word_of_32_bits | (waiter.process_private ? FUTEX_PRIVATE_FLAG : 0U);
    return one;
}

// The bitset form, because it takes an absolute time.
futex_result wait(const std::uint32_t& word, int visibility, std::uint32_t expected,
                  deadline until) {
    const kernel_timeout timeout = kernel_timeout::absolute(until);
    return outcome(call(SYS_futex, &word, FUTEX_WAIT_BITSET | visibility, expected, timeout.get(),
                        nullptr, FUTEX_BITSET_MATCH_ANY));
}

int wake(const std::uint32_t& word, int operation, int count_max) {
    return static_cast<int>(
        check(call(SYS_futex, &word, operation, count_max), "wake a shared word"));
}

}  // namespace

futex_result futex_wait(const std::uint32_t& word, std::uint32_t expected, deadline until) {
    return wait(word, 0, expected, until);
}

futex_result futex_wait_private(const std::uint32_t& word, std::uint32_t expected, deadline until) {
    return wait(word, FUTEX_PRIVATE_FLAG, expected, until);
}

futex_result futex_wait_any(std::span<const futex_waiter> waiters, deadline until) {
    if (waiters.empty() || waiters.size() > futex_waiters_max) {
        throw contract_violation{"futex_wait_any: watch at least 1 and at most 128 words"};
    }
    std::array<futex_waitv, futex_waiters_max> kernel_waiters;
    std::transform(waiters.begin(), waiters.end(), kernel_waiters.begin(), as_kernel_waiter);
    const kernel_timeout timeout = kernel_timeout::absolute(until);
    return outcome(call(SYS_futex_waitv, kernel_waiters.data(), waiters.size(), 0, timeout.get(),
                        CLOCK_MONOTONIC));
}

int futex_wake(const std::uint32_t& word, int count_max) {
    return wake(word, FUTEX_WAKE, count_max);
}

int futex_wake_private(const std::uint32_t& word, int count_max) {
    return wake(word, FUTEX_WAKE_PRIVATE, count_max);
}

}  // namespace signet::os
