// SPDX-License-Identifier: Apache-2.0
#include <signet/os/child.hpp>

#include <signet/base/error.hpp>
#include <signet/os/kernel.hpp>
#include <signet/os/signal.hpp>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <sstream>

// The C library's clone by the name that sanitizers leave alone: they take `clone` for fork, and
// would note in the memory we share that we are a forked child.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);

namespace signet::os {
namespace {

constexpr int first_kept = 3;
constexpr int last_signal = 64;
constexpr int exit_unstarted = 127;
constexpr std::size_t stack_bytes = std::size_t{256} << 10;
constexpr unsigned to_group = 4;  // PIDFD_SIGNAL_PROCESS_GROUP, of Linux 6.9

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

    /// In the child.
    long install() const {
        for (const auto& [copy, number] : copies_) {
            const long result = call(SYS_dup3, copy.get(), number, 0);
            if (result < 0) return result;
        }
        return 0;
    }

private:
    void add(int from, int to) {
        if (from < 0) return;
        const long copy = call(SYS_fcntl, from, F_DUPFD_CLOEXEC, above_);
        check(copy, "duplicate descriptor for a child");
        copies_.emplace_back(descriptor{static_cast<int>(copy)}, to);
    }

    int above_;
    std::vector<std::pair<descriptor, int>> copies_;
};

// Where execvp would look: in each directory of PATH, unless the name is a path.
std::vector<std::string> candidates_for(const std::string& program) {
    if (program.find('/') != std::string::npos) return {program};
    const char* path = std::getenv("PATH");
    std::istringstream directories{path == nullptr ? "/bin:/usr/bin" : path};
    std::vector<std::string> found;
    for (std::string one; std::getline(directories, one, ':');) {
        found.push_back(one.empty() ? program : one + "/" + program);
    }
    return found;
}

std::vector<char*> as_vector_of_pointers(const std::vector<std::string>& words) {
    std::vector<char*> pointers;
    for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

// All that the child needs, made beforehand: it shares this process's memory, while its parent's
// thread waits, until it becomes the program. So it calls nothing but the kernel, and may tell how
// far it came by writing here.
struct launch {
    launch(const std::vector<std::string>& command, const spawn_options& how)
        : options{how},
          given{how},
          programs{candidates_for(command[0])},
          arguments{as_vector_of_pointers(command)} {
        if (how.environment) variables = as_vector_of_pointers(*how.environment);
    }

    const spawn_options& options;
    const handover given;
    const std::vector<std::string> programs;
    const std::vector<char*> arguments;
    std::vector<char*> variables{};
    const long parent = call(SYS_getpid);

    const char* failed = nullptr;  // the step, for the text
    long result = 0;
};

// What ignores a signal keeps ignoring it as another program.
long reset_signals() {
    for (int number = 1; number <= last_signal; ++number) {
        if (number == SIGKILL || number == SIGSTOP) continue;
        const long result = set_disposition(number, disposition::by_default);
        if (result < 0) return result;
    }
    return 0;
}

long unblock_signals() {
    const std::uint64_t none = 0;
    return call(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
}

long die_with_parent(const launch& plan) {
    if (plan.options.on_parent_death == parent_death::ignored) return 0;
    const long result = call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (result < 0) return result;
    return call(SYS_getppid) == plan.parent ? 0 : -ESRCH;
}

long lead_group(const launch& plan) {
    return plan.options.group == process_group::own ? call(SYS_setpgid, 0, 0) : 0;
}

long enter_directory(const launch& plan) {
    const std::string& directory = plan.options.working_directory;
    return directory.empty() ? 0 : call(SYS_chdir, directory.c_str());
}

// Comes back only where none of the candidates can be run. One that is there and forbidden says
// more than those that are not there.
long execute(const launch& plan) {
    char* const* variables = plan.options.environment ? plan.variables.data() : environ;
    long result = -ENOENT;
    for (const std::string& program : plan.programs) {
        const long now = call(SYS_execve, program.c_str(), plan.arguments.data(), variables);
        if (now != -ENOENT && now != -ENOTDIR && now != -EACCES) return now;
        if (now == -EACCES) result = now;
    }
    return result;
}

int become_program(void* argument) {
    launch& plan = *static_cast<launch*>(argument);
    const auto done = [&plan](const char* step, long result) {
        plan.failed = result < 0 ? step : nullptr;
        plan.result = result;
        return result >= 0;
    };
    const bool prepared = done("bind to its parent's life", die_with_parent(plan)) &&
                          done("make a process group for", lead_group(plan)) &&
                          done("pass descriptors to", plan.given.install()) &&
                          done("enter the directory for", enter_directory(plan)) &&
                          done("reset the signals of", reset_signals()) &&
                          done("unblock the signals of", unblock_signals());
    if (prepared) done("start program", execute(plan));
    return exit_unstarted;
}

std::string advice_for(const launch& plan) {
    if (plan.result == -EAGAIN) return "raise the limit of processes (ulimit -u, pids.max)";
    if (plan.result != -ENOENT) return {};
    const std::string& directory = plan.options.working_directory;
    const bool of_directory = std::string_view{plan.failed} == "enter the directory for";
    return of_directory ? "'" + directory + "' is not there" : "check its name and PATH";
}

struct started {
    int pid;
    descriptor handle;
};

// By the C library's clone, since the child shares our memory and must have a stack of its own,
// which a bare system call cannot give it; the one place besides kernel.cpp that reads errno. All
// signals are blocked, so that none of our handlers runs in the child.
started start(launch& plan) {
    const blocked_signals none_runs_a_handler_there;
    const auto stack = std::make_unique_for_overwrite<std::byte[]>(stack_bytes);
    const int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
    int handle = -1;
    const int pid = ::__clone(&become_program, stack.get() + stack_bytes, flags, &plan, &handle);
    if (pid < 0) {
        plan.failed = "start program";
        plan.result = -static_cast<long>(errno);
    }
    return {pid, descriptor{pid < 0 ? -1 : handle}};
}

}  // namespace

child child::spawn(const std::vector<std::string>& command, const spawn_options& options) {
    if (command.empty()) throw contract_violation{"child::spawn: the command is empty"};
    launch plan{command, options};
    started program = start(plan);
    child made{process::adopt(std::move(program.handle)), program.pid,
               options.group == process_group::own};
    if (plan.failed != nullptr) fail(plan.result, plan.failed, command[0], advice_for(plan));
    return made;
}

child& child::operator=(child&& other) noexcept {
    child old{std::move(*this)};
    handle_ = std::move(other.handle_);
    pid_ = other.pid_;
    leads_group_ = other.leads_group_;
    return *this;
}

child::~child() {
    if (handle_.fd() < 0) return;
    if (leads_group_) kill_group(SIGKILL);
    call(SYS_pidfd_send_signal, handle_.fd(), SIGKILL, nullptr, 0);
    // EINTR: it is being killed, so the wait goes on. Already taken: answers at once.
    call_uninterrupted(SYS_waitid, P_PIDFD, handle_.fd(), nullptr, WEXITED, nullptr);
}

// Before Linux 6.9 by its number, which cannot mean another group while its status is not taken.
long child::kill_group(int number) const {
    const long result = call(SYS_pidfd_send_signal, handle_.fd(), number, nullptr, to_group);
    if (result != -EINVAL) return result;
    const int look = WEXITED | WNOHANG | WNOWAIT;
    siginfo_t info{};
    if (call(SYS_waitid, P_PIDFD, handle_.fd(), &info, look, nullptr) < 0) return -ESRCH;
    return call(SYS_kill, -pid_, number);
}

bool child::signal_group(int number) const {
    if (!leads_group_) throw contract_violation{"child::signal_group: it leads no group"};
    const long result = kill_group(number);
    if (result == -ESRCH) return false;
    check(result, "send a process group signal", std::to_string(number));
    return true;
}

process child::detach() && {
    return std::move(handle_);
}

namespace {

// One end for the child, the other for us, closed by exec.
struct child_pipe {
    descriptor reading;
    descriptor writing;
};

child_pipe open_pipe() {
    std::array<int, 2> ends{};
    check(call(SYS_pipe2, ends.data(), O_CLOEXEC), "create pipe for a child");
    return {descriptor{ends[0]}, descriptor{ends[1]}};
}

}  // namespace

piped_child spawn_with_pipes(const std::vector<std::string>& command, spawn_options options) {
    child_pipe input;
    child_pipe output;
    child_pipe errors;
    if (options.standard_input < 0) {
        input = open_pipe();
        options.standard_input = input.reading.get();
    }
    if (options.standard_output < 0) {
        output = open_pipe();
        options.standard_output = output.writing.get();
    }
    if (options.standard_error < 0) {
        errors = open_pipe();
        options.standard_error = errors.writing.get();
    }
    return {child::spawn(command, options), std::move(input.writing), std::move(output.reading),
            std::move(errors.reading)};
}

}  // namespace signet::os
