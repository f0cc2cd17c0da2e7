// SPDX-License-Identifier: Apache-2.0
// A kernel that fails on demand. While a `scripted_kernel` lives, the system calls of its thread
// follow the script and all others go through; other threads are not affected. One at a time in a
// process; made and destroyed in one thread. A forked child inherits it.
#pragma once

#include <signet/os/kernel.hpp>

#include <map>
#include <vector>

namespace signet::testing {

class scripted_kernel {
public:
    scripted_kernel();
    scripted_kernel(const scripted_kernel&) = delete;
    scripted_kernel& operator=(const scripted_kernel&) = delete;
    ~scripted_kernel();

    /// The `nth` call of `number`, counted from now, fails with `error_number` and does nothing.
    /// Only a close that fails does close, as in Linux.
    scripted_kernel& fail(long number, int error_number, int nth = 1);

    /// The next `times` calls of `number` are interrupted: they fail with EINTR.
    scripted_kernel& interrupt(long number, int times = 1);

    /// The `nth` call of `number`, counted from now, is not made and answers `result`.
    scripted_kernel& answer(long number, long result, int nth = 1);

    /// The `nth` call of any number, counted from now, fails with `error_number`.
    scripted_kernel& fail_any(int error_number, int nth);

    /// How often `number` was called, scripted or not.
    int calls(long number) const;

    /// The number of the call that `fail_any` made fail; -1 before that.
    long failed_number() const noexcept { return failed_number_; }

private:
    struct rule {
        long number;
        int first;
        int last;
        long result;
    };

    static long enter(long number, const os::kernel_arguments& arguments);

    long follow(long number, const os::kernel_arguments& arguments);
    scripted_kernel& add(long number, int first, int last, long result);

    os::kernel_entry before_;
    std::vector<rule> rules_;
    std::map<long, int> calls_;
    int total_ = 0;
    long failed_number_ = -1;
};

}  // namespace signet::testing
