// SPDX-License-Identifier: Apache-2.0
#include <signet/testing/circumstances.hpp>

#include <signet/os/kernel.hpp>
#include <signet/testing/failures.hpp>

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <atomic>

namespace signet::testing {
namespace {

constexpr int not_possible = 126;
constexpr int killed = 128 + SIGKILL;
constexpr int calls_max = 1000;
constexpr unsigned nobody = 65534;

os::kernel_entry kernel_before = nullptr;
std::atomic<int> calls_left{0};  // of all threads of a child

long die_at_last_call(long number, const os::kernel_arguments& arguments) {
    if (--calls_left <= 0) raise(SIGKILL);
    return kernel_before(number, arguments);
}

bool mount_small(const std::string& path, std::size_t bytes) {
    const std::string size = "size=" + std::to_string(bytes);
    return unshare(CLONE_NEWNS) == 0 &&
           mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           mount("tmpfs", path.c_str(), "tmpfs", 0, size.c_str()) == 0;
}

}  // namespace

int exit_code_in_small_tmpfs(const std::string& path, std::size_t bytes,
                             const std::function<int()>& body) {
    return exit_code_of_forked([&] { return mount_small(path, bytes) ? body() : not_possible; });
}

int exit_code_as_nobody(const std::function<int()>& body) {
    return exit_code_of_forked([&] {
        const bool changed =
            setresgid(nobody, nobody, nobody) == 0 && setresuid(nobody, nobody, nobody) == 0;
        return changed ? body() : not_possible;
    });
}

bool is_killed_before_call(int nth, const std::function<void()>& body) {
    const int code = exit_code_of_forked([&] {
        calls_left = nth;
        kernel_before = os::exchange_kernel_entry(&die_at_last_call);
        body();
        os::exchange_kernel_entry(kernel_before);
        return 0;
    });
    EXPECT_TRUE(code == killed || code == 0) << "it ended with " << code;
    return code == killed;
}

int kill_before_each_call(const std::function<void()>& body,
                          const std::function<void()>& after_death) {
    for (int nth = 1; nth <= calls_max; ++nth) {
        if (!is_killed_before_call(nth, body)) return nth - 1;
        after_death();
    }
    ADD_FAILURE() << "it makes more than " << calls_max << " calls";
    return calls_max;
}

}  // namespace signet::testing
