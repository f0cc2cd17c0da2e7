// SPDX-License-Identifier: Apache-2.0
// The one door to the kernel. Every system call of Signet is made by `call`, through one entry that
// tests and the kill-point harness may replace, so that each error branch can be reached on
// purpose. A call answers with its result, or with the negative error number; nothing else reads
// errno, but for the start of a child. Any thread may call; a new entry is for all threads at once.
#pragma once

#include <signet/base/time.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <string_view>
#include <type_traits>

namespace signet::os {

/// The arguments of a system call, as registers.
using kernel_arguments = std::array<long, 6>;

/// Makes system call `number`; answers the result, or the negative error number.
using kernel_entry = long (*)(long number, const kernel_arguments& arguments);

/// Makes `entry` the door and returns the one before. For tests only; `entry` must outlive its use.
kernel_entry exchange_kernel_entry(kernel_entry entry) noexcept;

/// The system's own entry.
long system_call(long number, const kernel_arguments& arguments);

/// Through which all calls go. Use `call`, and exchange_kernel_entry().
inline constinit std::atomic<kernel_entry> kernel_door{&system_call};

template <typename Argument>
long as_register(Argument argument) noexcept {
    if constexpr (std::is_null_pointer_v<Argument>) {
        return 0;
    } else if constexpr (std::is_pointer_v<Argument>) {
        return reinterpret_cast<long>(argument);
    } else {
        return static_cast<long>(argument);
    }
}

/// Makes system call `number` (a SYS_ constant); answers the result or the negative error number.
template <typename... Arguments>
long call(long number, Arguments... arguments) {
    static_assert(sizeof...(Arguments) <= 6, "a system call has at most six arguments");
    // relaxed: the pointer publishes nothing but code, which is always there
    const kernel_entry entry = kernel_door.load(std::memory_order_relaxed);
    return entry(number, kernel_arguments{as_register(arguments)...});
}

/// As `call`, made again for as long as a signal interrupts it. Only for calls that return soon and
/// do nothing when they are interrupted; say at the place why that holds.
template <typename... Arguments>
long call_uninterrupted(long number, Arguments... arguments) {
    long result = -EINTR;
    while (result == -EINTR) result = call(number, arguments...);
    return result;
}

/// Throws `error` for the negative `result` of a call. Without `advice` of the caller's own, the
/// text says what helps against the usual causes: too many files, no memory, no room.
[[noreturn]] void fail(long result, std::string_view operation, std::string_view subject = {},
                       std::string_view advice = {});

/// Returns `result`, or fails if it is negative.
inline long check(long result, std::string_view operation, std::string_view subject = {},
                  std::string_view advice = {}) {
    if (result < 0) fail(result, operation, subject, advice);
    return result;
}

/// A deadline as the kernel takes it: on CLOCK_MONOTONIC, or no pointer at all for `never`.
class kernel_timeout {
public:
    /// The instant itself; one before the clock's start becomes the start.
    static kernel_timeout absolute(deadline until) noexcept;

    /// The time left from now, zero where it has passed.
    static kernel_timeout remaining(deadline until) noexcept;

    /// Null for `never`. Valid as long as this object.
    const std::timespec* get() const noexcept { return infinite_ ? nullptr : &time_; }

private:
    kernel_timeout(std::chrono::nanoseconds time, bool infinite) noexcept;

    std::timespec time_;
    bool infinite_;
};

}  // namespace signet::os
