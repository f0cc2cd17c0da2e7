// SPDX-License-Identifier: Apache-2.0
// Telling a forked child from the process it came from. An object notes `process_generation` when
// it is made and compares it when it is used; the two differ in every child, whether it came from
// fork or straight from clone. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace signet::os {

inline constexpr std::size_t fork_callbacks_max = 16;

/// A number, never 0, that no process shares with those it descends from. Costs two loads. Where
/// the kernel cannot wipe a page in children (before Linux 4.14), only fork() is noticed.
std::uint64_t process_generation() noexcept;

/// Has `callback` called in each child that fork() makes, in the forking thread, before fork
/// returns; for as long as the process lives. It may close descriptors and little else, since other
/// threads' locks are frozen. Children made by clone or vfork are not told. Register one per
/// module, not one per object: more than `fork_callbacks_max` are a contract_violation.
void on_fork_in_child(void (*callback)());

}  // namespace signet::os
