// SPDX-License-Identifier: Apache-2.0
// A program started as a child of this process. The child ends with its owner: the destructor kills
// it and takes its status. One object belongs to one thread at a time.
#pragma once

#include <signet/os/process.hpp>

#include <string>
#include <utility>
#include <vector>

namespace signet::os {

/// What a child is given. Descriptors stay open here; the child gets duplicates.
struct spawn_options {
    std::vector<int> kept_descriptors{};  ///< become 3, 4, ... in the child
    int standard_input = -1;              ///< -1: as here
    int standard_output = -1;
    int standard_error = -1;
};

class child {
public:
    /// Starts `command`: the program, looked up in PATH, and its arguments. It starts with no
    /// signal blocked or ignored. Returns when the program runs. Throws `error`: no such program,
    /// limits. An empty command is a contract_violation. A host that ignores SIGCHLD, or waits for
    /// all its children, must not do so while a child is owned here.
    static child spawn(const std::vector<std::string>& command, const spawn_options& options = {});

    child(child&&) noexcept = default;
    child& operator=(child&& other) noexcept;

    /// Kills it, and waits until it is gone.
    ~child();

    /// To signal it, to wait for it.
    process& handle() noexcept { return handle_; }

    int pid() const noexcept { return pid_; }

private:
    child(process handle, int pid) noexcept : handle_{std::move(handle)}, pid_{pid} {}

    process handle_;
    int pid_;
};

}  // namespace signet::os
