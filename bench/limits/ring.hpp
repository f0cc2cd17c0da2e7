// SPDX-License-Identifier: Apache-2.0
// A bare ring of one producer and one consumer with nothing around it: no handshake, no death, no
// blocking, no check of what the peer wrote. It is the most a ring with those things can reach. In
// forked children, so any thread may call; failures are those of run_together, and a sum that does
// not come out throws std::runtime_error.
#pragma once

#include <chrono>
#include <cstddef>

namespace limits {

/// Messages of 64 bytes a second through a ring of `slots`, every byte written and read and each
/// message published by itself. One repetition; its median window of whole laps (4 MiB or more)
/// counts, so that a few time slices lost to other processes do not.
double ring_msgs_per_s(std::size_t slots, std::chrono::nanoseconds length);

/// Gigabytes (1e9) a second through a ring of `depth` buffers of `payload_bytes` (rounded up to
/// whole cache lines), every byte written and read in place: fill_bytes on one side, sum_bytes on
/// the other. The median of five repetitions of `length`, each measured like those above; but a lap
/// may last as long as a time slice, so only an otherwise idle machine gives its limit. A size or
/// depth of 0 throws std::invalid_argument.
double bare_bulk_ring_gb_per_s(std::size_t payload_bytes = std::size_t{1} << 20,
                               std::size_t depth = 16,
                               std::chrono::nanoseconds length = std::chrono::milliseconds(40));

}  // namespace limits
