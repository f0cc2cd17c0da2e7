// SPDX-License-Identifier: Apache-2.0
// The round trip of a message between two processes that sleep for each one: the floor of every
// wait that blocks. One repetition, in forked children, so any thread may call; failures are those
// of run_together.
#pragma once

#include <bench/limits/processes.hpp>

#include <chrono>

namespace limits {

/// The median round trip. Each side sleeps by FUTEX_WAIT and is woken by FUTEX_WAKE for each
/// message. The median, because the distribution has several humps (a core that went to sleep, one
/// that did not) and a mean would tell of their mixture.
double futex_rtt_ns(cpu_pair cpus, std::chrono::nanoseconds length);

}  // namespace limits
