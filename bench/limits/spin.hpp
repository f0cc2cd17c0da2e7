// SPDX-License-Identifier: Apache-2.0
// What a process does between two looks at a line it waits for. Two processes on one cpu must
// yield: spinning there only keeps the other one from answering. Free of state, for any thread.
#pragma once

#include <bench/limits/processes.hpp>

#include <limits_cpu.hpp>

#include <sched.h>

#include <cstddef>

namespace limits {

/// Keeps fields of different writers apart: two cache lines, because processors fetch lines in
/// pairs.
inline constexpr std::size_t apart_bytes = 128;

enum class spinning { plain, pausing };

struct spin_plain {
    void operator()() const noexcept {}
};
struct spin_pausing {
    void operator()() const noexcept { cpu::relax(); }
};
struct spin_yielding {
    void operator()() const noexcept { sched_yield(); }
};

/// Calls `function` with the waiter for `cpus`: that of `how`, or one that yields if they are the
/// same.
template <typename Function>
auto with_spin(spinning how, cpu_pair cpus, Function&& function) {
    if (cpus.same()) {
        return function(spin_yielding{});
    }
    return how == spinning::plain ? function(spin_plain{}) : function(spin_pausing{});
}

}  // namespace limits
