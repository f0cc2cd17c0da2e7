// SPDX-License-Identifier: Apache-2.0
#include <signet/os/process.hpp>

#include <signet/os/kernel.hpp>
#include <signet/os/poll.hpp>
#include <signet/os/signal.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace signet::os {
namespace {

// What PIDFD_GET_INFO fills in, as of its first version (linux/pidfd.h of Linux 6.13).
struct pidfd_info {
    std::uint64_t mask;
    std::uint64_t cgroup_id;
    std::uint32_t pid, thread_group, parent;
    std::uint32_t user_and_group_ids[8];
    std::int32_t exit_code;
};
static_assert(sizeof(pidfd_info) == 64);

constexpr std::uint64_t exit_info = 8;                           // PIDFD_INFO_EXIT
constexpr unsigned long get_info = _IOWR(0xFF, 11, pidfd_info);  // PIDFD_GET_INFO
constexpr std::size_t command_bytes_max = 64;

exit_status from_siginfo(const siginfo_t& info) {
    return {.signalled = info.si_code != CLD_EXITED, .value = info.si_status};
}

exit_status from_wait_code(int code) {
    if (WIFSIGNALED(code)) return {.signalled = true, .value = WTERMSIG(code)};
    return {.signalled = false, .value = WEXITSTATUS(code)};
}

}  // namespace

int current_pid() {
    return static_cast<int>(call(SYS_getpid));
}

int current_thread() {
    return static_cast<int>(call(SYS_gettid));
}

unsigned current_uid() {
    return static_cast<unsigned>(call(SYS_geteuid));
}

std::uint64_t current_pid_namespace() {
    struct stat state{};
    check(call(SYS_newfstatat, AT_FDCWD, "/proc/self/ns/pid", &state, 0), "inspect",
          "/proc/self/ns/pid", "it needs /proc to be mounted");
    return state.st_ino;
}

bool has_thread(int pid, int thread) {
    const long result = call(SYS_tgkill, pid, thread, 0);
    return result == 0 || result == -EPERM;
}

std::string command_name(int pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/comm";
    // EINTR, here and below: /proc does not wait, so a signal costs at most a second try.
    const descriptor file{static_cast<int>(
        call_uninterrupted(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC, 0))};
    if (!file) return {};
    std::array<char, command_bytes_max> text;
    const long bytes = call_uninterrupted(SYS_read, file.get(), text.data(), text.size());
    if (bytes <= 0) return {};
    return {text.data(), static_cast<std::size_t>(bytes) - 1};  // without the newline
}

std::string exit_status::text() const {
    if (!signalled) return "exited with status " + std::to_string(value);
    const char* description = sigdescr_np(value);
    const std::string text = "killed by signal " + std::to_string(value);
    return description == nullptr ? text : text + " (" + description + ")";
}

std::optional<process> process::open(int pid) {
    const long number = call(SYS_pidfd_open, pid, 0);
    if (number == -ESRCH) return std::nullopt;
    check(number, "open process", std::to_string(pid));
    return process{descriptor{static_cast<int>(number)}};
}

bool process::running() const {
    return !wait_readable(fd(), deadline{});
}

bool process::send_signal(int number) const {
    const long result = call(SYS_pidfd_send_signal, fd(), number, nullptr, 0);
    if (result == -ESRCH) return false;
    check(result, "send a process signal", std::to_string(number));
    return true;
}

bool process::queue_signal(int number, std::uint64_t value) const {
    const queued_signal one{number, value};
    const long result = call(SYS_pidfd_send_signal, fd(), number, one.get(), 0);
    return queued_signal::sent(result, number);
}

std::optional<exit_status> process::wait(deadline until) const {
    if (!wait_readable(fd(), until)) return std::nullopt;
    siginfo_t info{};
    const long result = call(SYS_waitid, P_PIDFD, fd(), &info, WEXITED | WNOHANG, nullptr);
    const bool not_ours = result == -ECHILD;
    check(result, "take the exit status of a process", {},
          not_ours ? "only its parent can, and only once; ask exit_reason()" : "");
    if (info.si_pid == 0) return std::nullopt;
    return from_siginfo(info);
}

std::optional<exit_status> process::exit_reason() const {
    pidfd_info info{};
    info.mask = exit_info;
    const bool told = call(SYS_ioctl, fd(), get_info, &info) >= 0 && (info.mask & exit_info) != 0;
    if (!told) return std::nullopt;
    return from_wait_code(info.exit_code);
}

}  // namespace signet::os
