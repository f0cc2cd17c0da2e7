// SPDX-License-Identifier: Apache-2.0
// Forked children in circumstances that tests cannot have in their own process: a full disk, no
// rights, death between two system calls. For single-threaded tests that run as root.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace signet::testing {

/// Runs `body` in a forked child for which alone an empty tmpfs of `bytes` lies at `path`, an
/// existing directory. Returns what the child exits with, as exit_code_of_forked.
int exit_code_in_small_tmpfs(const std::string& path, std::size_t bytes,
                             const std::function<int()>& body);

/// Runs `body` in a forked child that is the user nobody.
int exit_code_as_nobody(const std::function<int()>& body);

/// Runs `body` in a forked child that is killed (SIGKILL) in place of its `nth` system call. False
/// where it ended before that, by itself.
bool is_killed_before_call(int nth, const std::function<void()>& body);

/// Kills a forked child before its first call, another before its second, and so on, until one
/// lives to the end; after each death calls `after_death`. Returns how many died.
int kill_before_each_call(const std::function<void()>& body,
                          const std::function<void()>& after_death);

}  // namespace signet::testing
