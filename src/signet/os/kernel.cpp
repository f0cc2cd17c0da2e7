// SPDX-License-Identifier: Apache-2.0
#include <signet/os/kernel.hpp>

#include <signet/base/error.hpp>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <system_error>

namespace signet::os {
namespace {

std::string limit_of_open_files() {
    rlimit limit{};
    const rlimit* unchanged = nullptr;
    if (call(SYS_prlimit64, 0, RLIMIT_NOFILE, unchanged, &limit) < 0) return {};
    return ", now " + std::to_string(limit.rlim_cur);
}

std::string usual_advice(int number) {
    switch (number) {
        case EMFILE: return "raise the limit of open files (ulimit -n)" + limit_of_open_files();
        case ENFILE: return "the whole system has too many open files; raise fs.file-max";
        case ENOMEM:
        case ENOBUFS: return "free memory, or raise the memory limit of this process or container";
        case ENOSPC: return "make room on the file system that holds it";
        case ENOSYS: return "this needs Linux 5.16 or later";
        default: return {};
    }
}

}  // namespace

// The only function that reads errno, but for `start` in child.cpp, which clones by the C library.
long system_call(long number, const kernel_arguments& a) {
    const long result = ::syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result < 0 ? -static_cast<long>(errno) : result;
}

kernel_entry exchange_kernel_entry(kernel_entry entry) noexcept {
    // relaxed: the pointer publishes nothing but code, which is always there
    return kernel_door.exchange(entry, std::memory_order_relaxed);
}

void fail(long result, std::string_view operation, std::string_view subject,
          std::string_view advice) {
    const int number = static_cast<int>(-result);
    const std::error_code code{number, std::generic_category()};
    if (!advice.empty()) throw error{code, operation, subject, advice};
    throw error{code, operation, subject, usual_advice(number)};
}

kernel_timeout::kernel_timeout(std::chrono::nanoseconds time, bool infinite) noexcept
    : time_{}, infinite_{infinite} {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    time_.tv_sec = seconds.count();
    time_.tv_nsec = (time - seconds).count();
}

kernel_timeout kernel_timeout::absolute(deadline until) noexcept {
    return {std::max(until, deadline{}).time_since_epoch(), until == never};
}

kernel_timeout kernel_timeout::remaining(deadline until) noexcept {
    if (until == never) return {std::chrono::nanoseconds::zero(), true};
    if (until == deadline::min()) return {std::chrono::nanoseconds::zero(), false};
    // compared before it is subtracted: a deadline far in the past would overflow
    const deadline now = clock::now();
    return {until > now ? until - now : std::chrono::nanoseconds::zero(), false};
}

}  // namespace signet::os
