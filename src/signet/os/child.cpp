// SPDX-License-Identifier: Apache-2.0
#include <signet/os/child.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace signet::os {
namespace {

constexpr int first_kept = 3;

// The C library's lists of what a child does before it becomes the program. It answers with error
// numbers, of which only a lack of memory can occur here.
class actions {
public:
    actions() { done(posix_spawn_file_actions_init(&list_)); }
    actions(const actions&) = delete;
    actions& operator=(const actions&) = delete;
    ~actions() { posix_spawn_file_actions_destroy(&list_); }

    void duplicate(int from, int to) { done(posix_spawn_file_actions_adddup2(&list_, from, to)); }
    const posix_spawn_file_actions_t* get() const { return &list_; }

private:
    static void done(int number) { check(-number, "prepare a child process"); }

    posix_spawn_file_actions_t list_;
};

class attributes {
public:
    attributes() {
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_init(&list_);
        posix_spawnattr_setsigmask(&list_, &none);
        posix_spawnattr_setsigdefault(&list_, &all);
        posix_spawnattr_setflags(&list_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    attributes(const attributes&) = delete;
    attributes& operator=(const attributes&) = delete;
    ~attributes() { posix_spawnattr_destroy(&list_); }

    const posix_spawnattr_t* get() const { return &list_; }

private:
    posix_spawnattr_t list_;
};

// What the child gets, duplicated here above every number it will have there, so that no
// duplication in the child overwrites the source of a later one.
class handover {
public:
    explicit handover(const spawn_options& options)
        : above_{first_kept + static_cast<int>(options.kept_descriptors.size())} {
        add(options.standard_input, STDIN_FILENO);
        add(options.standard_output, STDOUT_FILENO);
        add(options.standard_error, STDERR_FILENO);
        int number = first_kept;
        for (const int kept : options.kept_descriptors) add(kept, number++);
    }
    const posix_spawn_file_actions_t* get() const { return actions_.get(); }

private:
    void add(int from, int to) {
        if (from < 0) return;
        const long copy = call(SYS_fcntl, from, F_DUPFD_CLOEXEC, above_);
        copies_.emplace_back(static_cast<int>(check(copy, "duplicate descriptor for a child")));
        actions_.duplicate(copies_.back().get(), to);
    }

    int above_;
    actions actions_;
    std::vector<descriptor> copies_;
};

std::vector<char*> as_argument_vector(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    return arguments;
}

// EINTR: the wait is for a process that is being killed, so it goes on.
void reap(int pid) {
    call_uninterrupted(SYS_waitid, P_PID, pid, nullptr, WEXITED, nullptr);
}

}  // namespace

child child::spawn(const std::vector<std::string>& command, const spawn_options& options) {
    if (command.empty()) throw contract_violation{"child::spawn: the command is empty"};
    const std::vector<char*> arguments = as_argument_vector(command);
    const handover given{options};
    const attributes signals;
    int pid = -1;
    const int number =
        posix_spawnp(&pid, arguments[0], given.get(), signals.get(), arguments.data(), environ);
    const bool absent = number == ENOENT;
    check(-number, "start program", command[0], absent ? "check its name and PATH" : "");
    const long handle = call(SYS_pidfd_open, pid, 0);
    if (handle < 0) {
        call(SYS_kill, pid, SIGKILL);
        reap(pid);
        fail(handle, "open process of", command[0]);
    }
    return {process::adopt(descriptor{static_cast<int>(handle)}), pid};
}

child& child::operator=(child&& other) noexcept {
    child old{std::move(*this)};
    handle_ = std::move(other.handle_);
    pid_ = other.pid_;
    return *this;
}

child::~child() {
    if (handle_.fd() < 0) return;
    call(SYS_pidfd_send_signal, handle_.fd(), SIGKILL, nullptr, 0);
    // EINTR: as in reap. Already taken: answers at once that there is no such child.
    call_uninterrupted(SYS_waitid, P_PIDFD, handle_.fd(), nullptr, WEXITED, nullptr);
}

}  // namespace signet::os
