// SPDX-License-Identifier: Apache-2.0
// A program started as a child of this process. The child ends with its owner: the destructor kills
// it and takes its status. One object belongs to one thread at a time. A parent that is itself
// killed with SIGKILL leaves its children running, but for those made with `parent_death::kills`; a
// child that is killed leaves its status, which its owner takes.
#pragma once

#include <signet/os/process.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace signet::os {

enum class process_group {
    inherited,  ///< signals from the terminal reach it together with its parent
    own,        ///< it leads one, which its own children join, and ends with it
};

enum class parent_death {
    ignored,
    kills,  ///< the kernel kills it when the *thread* that started it ends: start it in one that
            ///< lasts. Not where the program is set-user-id; not passed on to its own children.
};

/// What a child is given. Descriptors stay open here; the child gets duplicates.
struct spawn_options {
    std::vector<int> kept_descriptors{};  ///< become 3, 4, ... in the child
    int standard_input = -1;              ///< -1: as here
    int standard_output = -1;
    int standard_error = -1;
    std::optional<std::vector<std::string>> environment{};  ///< "NAME=value"; none: as here
    std::string working_directory{};                        ///< empty: as here
    process_group group = process_group::inherited;
    parent_death on_parent_death = parent_death::ignored;
};

class child {
public:
    /// Starts `command`: the program, looked up in this process's PATH, and its arguments. It
    /// starts with no signal blocked or ignored. Returns when the program runs. Throws `error`: no
    /// such program or directory, limits. An empty command is a contract_violation. A host that
    /// ignores SIGCHLD, or waits for all its children, must not do so while a child is owned here.
    static child spawn(const std::vector<std::string>& command, const spawn_options& options = {});

    child(child&&) noexcept = default;
    child& operator=(child&& other) noexcept;

    /// Kills it, and the group that it leads; waits until it is gone.
    ~child();

    /// To signal it, to wait for it.
    process& handle() noexcept { return handle_; }

    /// Sends a signal to all of the group that it leads, also where it has ended itself. False
    /// where none is left; for one without a group of its own a contract_violation. Throws `error`.
    /// Before Linux 6.9, false too once its status was taken.
    bool signal_group(int number) const;

    /// Gives it up: it lives on after this process. Its status is still this process's to take.
    process detach() &&;

    int pid() const noexcept { return pid_; }

private:
    child(process handle, int pid, bool leads_group) noexcept
        : handle_{std::move(handle)}, pid_{pid}, leads_group_{leads_group} {}

    long kill_group(int number) const;

    process handle_;
    int pid_;
    bool leads_group_;
};

/// A child, and our ends of pipes to it; what the options sent elsewhere has none. Whoever writes
/// much input before it reads the output may wait for a child that waits for its reader: read
/// meanwhile. A write to a child that has gone raises SIGPIPE.
struct piped_child {
    child program;
    descriptor input{};   ///< to write to; close it to end the child's input
    descriptor output{};  ///< to read from; ends when the child, and all it passed it to, are gone
    descriptor errors{};
};

/// `child::spawn` with pipes for the three standard descriptors, but for those set in `options`.
piped_child spawn_with_pipes(const std::vector<std::string>& command, spawn_options options = {});

}  // namespace signet::os
