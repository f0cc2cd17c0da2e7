// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/scripted_kernel.hpp>

#include <sys/syscall.h>

#include <atomic>

namespace signet::testing {
namespace {

constexpr long any_number = -1;

thread_local scripted_kernel* script_of_thread = nullptr;
std::atomic<os::kernel_entry> entry_below{nullptr};

/// What threads without a script go on to. One may get here just before the constructor has said
/// what that is.
os::kernel_entry below() {
    os::kernel_entry entry = nullptr;
    while ((entry = entry_below.load(std::memory_order_acquire)) == nullptr) {  // SYNC entry-below
    }
    return entry;
}

}  // namespace

scripted_kernel::scripted_kernel() : before_{os::exchange_kernel_entry(&enter)} {
    entry_below.store(before_, std::memory_order_release);  // SYNC entry-below
    script_of_thread = this;
}

scripted_kernel::~scripted_kernel() {
    script_of_thread = nullptr;
    os::exchange_kernel_entry(before_);
}

scripted_kernel& scripted_kernel::add(long number, int first, int last, long result) {
    const int so_far = number == any_number ? total_ : calls(number);
    rules_.push_back({number, so_far + first, so_far + last, result});
    return *this;
}

scripted_kernel& scripted_kernel::fail(long number, int error_number, int nth) {
    return add(number, nth, nth, -error_number);
}

scripted_kernel& scripted_kernel::interrupt(long number, int times) {
    return add(number, 1, times, -EINTR);
}

scripted_kernel& scripted_kernel::answer(long number, long result, int nth) {
    return add(number, nth, nth, result);
}

scripted_kernel& scripted_kernel::fail_any(int error_number, int nth) {
    return add(any_number, nth, nth, -error_number);
}

int scripted_kernel::calls(long number) const {
    const auto found = calls_.find(number);
    return found == calls_.end() ? 0 : found->second;
}

long scripted_kernel::enter(long number, const os::kernel_arguments& arguments) {
    if (script_of_thread == nullptr) return below()(number, arguments);
    return script_of_thread->follow(number, arguments);
}

long scripted_kernel::follow(long number, const os::kernel_arguments& arguments) {
    const int of_number = ++calls_[number];
    ++total_;
    for (const rule& one : rules_) {
        const int count = one.number == any_number ? total_ : of_number;
        const bool meant = one.number == any_number || one.number == number;
        if (!meant || count < one.first || count > one.last) continue;
        if (one.number == any_number) failed_number_ = number;
        if (number == SYS_close) before_(number, arguments);
        return one.result;
    }
    return before_(number, arguments);
}

}  // namespace signet::testing
