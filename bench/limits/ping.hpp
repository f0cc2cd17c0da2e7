// SPDX-License-Identifier: Apache-2.0
// The round trip of a cache line between two cpus: the floor of every message that is polled for,
// and the sign by which a change in the machine's mood is noticed (mood.hpp). One repetition each,
// in forked children, so any thread may call; failures are those of run_together.
#pragma once

#include <bench/limits/processes.hpp>
#include <bench/limits/spin.hpp>

#include <chrono>

namespace limits {

/// The mean of a round trip over two lines, one written by each side. It is taken over batches with
/// no clock inside, and the median batch counts, so that one time slice lost to another process
/// does not.
double cacheline_rtt_ns(spinning how, std::chrono::nanoseconds length, cpu_pair cpus = two_cpus());

/// A quick look at the same: what does a line cost now?
double ping(std::chrono::nanoseconds length = std::chrono::milliseconds(20));

}  // namespace limits
