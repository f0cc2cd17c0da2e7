// SPDX-License-Identifier: Apache-2.0
// Processes by a handle (pidfd) that never comes to mean another process, however pids are reused.
// One object belongs to one thread at a time, its `fd` may be watched by any: it is readable from
// the moment the process has ended.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace signet::os {

/// The calling process, thread, and the user it acts for (the effective uid).
int current_pid();
int current_thread();
unsigned current_uid();

/// A number of the namespace that this process's pids belong to: the same in all who see them.
/// Throws `error` where there is no /proc.
std::uint64_t current_pid_namespace();

/// Whether `thread` is one of process `pid` now; false for numbers that nobody can have.
bool has_thread(int pid, int thread);

/// What `pid` is called, for humans: at most 15 bytes, chosen by the process itself. Empty where
/// the process is gone or not visible.
std::string command_name(int pid);

/// How a process ended.
struct exit_status {
    bool signalled = false;  ///< killed by signal `value`; else it returned `value`
    int value = 0;

    /// "exited with status 3", "killed by signal 9 (Killed)".
    std::string text() const;

    friend bool operator==(const exit_status&, const exit_status&) = default;
};

class process {
public:
    /// The process with this pid at this instant; no value where there is none. Throws `error`.
    static std::optional<process> open(int pid);

    /// Takes over a pidfd, such as one from `seqpacket_socket::peer_pidfd`.
    static process adopt(descriptor pidfd) noexcept { return process{std::move(pidfd)}; }

    /// Whether it has not ended; one that ended and was not waited for does not run. Does not
    /// block.
    bool running() const;

    /// Sends it a signal. False where it is gone. Throws `error` where that is not permitted.
    bool send_signal(int number) const;

    /// Sends it a signal that carries `value` (os/signal.hpp). False where it is gone. Throws
    /// `error`: not permitted; as many signals wait as its limit allows.
    bool queue_signal(int number, std::uint64_t value) const;

    /// Waits for a child of this process to end, and takes its status, which can be done once. No
    /// value when the deadline passes. Throws `error` where it is not our child, or was taken.
    std::optional<exit_status> wait(deadline until) const;

    /// How it ended, for anybody's process, once its parent has taken the status. No value before
    /// that, and where the kernel does not tell (before Linux 6.15, other pid namespaces).
    std::optional<exit_status> exit_reason() const;

    /// To watch. Valid as long as this object.
    int fd() const noexcept { return handle_.get(); }

private:
    explicit process(descriptor handle) noexcept : handle_{std::move(handle)} {}

    descriptor handle_;
};

}  // namespace signet::os
