// SPDX-License-Identifier: Apache-2.0
#include <bench/limits/processes.hpp>

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace limits {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds run_length_max{30};

[[noreturn]] void fail(const char* operation) {
    throw std::system_error(errno, std::generic_category(), operation);
}

// Room for 8192 cpus, the most Linux can be built for.
using cpu_mask = std::array<cpu_set_t, 8>;

bool pin(int cpu) noexcept {
    cpu_mask mask{};
    CPU_SET_S(static_cast<std::size_t>(cpu), sizeof mask, mask.data());
    return sched_setaffinity(0, sizeof mask, mask.data()) == 0;
}

// A parent that died before prctl() sends no signal any more, hence the second look.
bool die_with(pid_t parent) noexcept {
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

[[noreturn]] void play(const role& part, pid_t parent) noexcept {
    if (!die_with(parent) || !pin(part.cpu)) {
        _exit(1);
    }
    part.body();
    _exit(0);  // not exit(): handlers and buffers belong to the parent
}

pid_t fork_into(const role& part) {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) {
        fail("fork");
    }
    if (pid == 0) {
        play(part, parent);
    }
    return pid;
}

class process {
public:
    explicit process(const role& part) : pid_(fork_into(part)) {}
    process(process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    process(const process&) = delete;
    process& operator=(const process&) = delete;
    ~process() {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            wait();
        }
    }

    pid_t id() const noexcept { return pid_; }

    // The status of wait(2). A signal handled in between does not end the waiting.
    int wait() noexcept {
        int status = -1;
        while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status;
    }

private:
    pid_t pid_;
};

// Readable when the process has ended. The kernel sets close-on-exec on it.
class end_notice {
public:
    explicit end_notice(pid_t pid) : fd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {
        if (fd_ < 0) {
            fail("pidfd_open");
        }
    }
    end_notice(end_notice&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    end_notice(const end_notice&) = delete;
    end_notice& operator=(const end_notice&) = delete;
    ~end_notice() {
        if (fd_ >= 0) {
            close(fd_);
        }
    }

    int fd() const noexcept { return fd_; }

private:
    int fd_;
};

struct child {
    explicit child(const role& part) : running(part), end(running.id()) {}

    process running;
    end_notice end;
};

void finish(child& ended) {
    if (ended.running.wait() != 0) {
        throw std::runtime_error("a measuring process died or could not be pinned to its cpu");
    }
}

// Waits until `deadline` for at least one of `ends` to be ready.
void wait_for_an_end(std::vector<pollfd>& ends, steady_clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
    const int timeout_ms = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    const int ready = poll(ends.data(), ends.size(), timeout_ms);
    if (ready == 0) {
        throw std::runtime_error("a measurement did not end in its time");
    }
    if (ready < 0 &&
        errno != EINTR) {  // after a signal the caller comes again with the same deadline
        fail("poll");
    }
}

void finish_all(std::vector<child>& children) {
    const auto deadline = steady_clock::now() + run_length_max;
    std::vector<pollfd> ends;
    for (const child& each : children) {
        ends.push_back({.fd = each.end.fd(), .events = POLLIN, .revents = 0});
    }
    for (std::size_t left = children.size(); left > 0;) {
        wait_for_an_end(ends, deadline);
        for (std::size_t i = 0; i < ends.size(); ++i) {
            if (ends[i].fd >= 0 && std::exchange(ends[i].revents, short{0}) != 0) {
                ends[i].fd = -1;  // poll() passes over it from now on
                finish(children[i]);
                --left;
            }
        }
    }
}

}  // namespace

std::vector<int> allowed_cpus() {
    cpu_mask mask{};
    if (sched_getaffinity(0, sizeof mask, mask.data()) != 0) {
        fail("sched_getaffinity");
    }
    std::vector<int> cpus;
    for (std::size_t cpu = 0; cpu < sizeof mask * 8; ++cpu) {
        if (CPU_ISSET_S(cpu, sizeof mask, mask.data())) {
            cpus.push_back(static_cast<int>(cpu));
        }
    }
    return cpus;
}

cpu_pair two_cpus() {
    const std::vector<int> cpus = allowed_cpus();
    return {cpus.front(), cpus.size() > 1 ? cpus[1] : cpus.front()};
}

cpu_pair one_cpu() {
    const int cpu = allowed_cpus().front();
    return {cpu, cpu};
}

shared_bytes::shared_bytes(std::size_t size) : data_(nullptr, unmap{size}) {
    void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (data == MAP_FAILED) {
        fail("mmap");
    }
    data_.reset(static_cast<std::byte*>(data));
}

void shared_bytes::unmap::operator()(std::byte* data) const noexcept {
    munmap(data, size);
}

void run_together(std::initializer_list<role> roles) {
    std::vector<child> children;
    children.reserve(roles.size());
    for (const role& each : roles) {
        children.emplace_back(each);
    }
    finish_all(children);
}

}  // namespace limits
