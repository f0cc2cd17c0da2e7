// SPDX-License-Identifier: Apache-2.0
// Telling a forked child from the process it came from. An object notes `process_generation` when
// it is made and compares it when it is used; the two differ in every child, whether it came from
// fork or straight from clone. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace signet::os {

inline constexpr std::size_t fork_callbacks_max = 16;

/// A number, never 0, that no process shares with those it descends from. Costs two loads. Where
/// the kernel cannot wipe a page in children (before Linux 4.14), only fork() is noticed.
std::uint64_t process_generation() noexcept;

/// Remembers the process it was made in; a copy remembers the same.
class made_in_process {
public:
    made_in_process() noexcept;

    /// Whether this is still that process. Costs one load.
    bool still() const noexcept {
        return current_->load(std::memory_order_relaxed) == made_in_;  // relaxed: guards nothing
    }

private:
    std::uint64_t made_in_;
    const std::atomic<std::uint64_t>* current_;
};

/// For std::unique_ptr and std::shared_ptr: a forked child leaves the object alone, since a thread
/// that is not in the child may have been changing it.
class delete_where_made {
public:
    template <class Object>
    void operator()(Object* object) const noexcept {
        if (here_.still()) delete object;
    }

private:
    made_in_process here_;
};

/// Has `callback` called in each child that fork() makes, in the forking thread, before fork
/// returns; for as long as the process lives. It may close descriptors and little else, since other
/// threads' locks are frozen. Children made by clone or vfork are not told. Register one per
/// module, not one per object: more than `fork_callbacks_max` are a contract_violation.
void on_fork_in_child(void (*callback)());

}  // namespace signet::os
