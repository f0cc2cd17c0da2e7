// SPDX-License-Identifier: Apache-2.0
// A queue that survives a stop of the machine: a directory with its log, its lanes, and what its
// users agree on (docs/design/queues.md, Durable). What is opened is a queue_core whose pushes
// return when they are on the disk. Any thread. Throws `error`.
#pragma once

#include <signet/os/directory.hpp>
#include <signet/pattern/queue/log_reader.hpp>
#include <signet/pattern/queue/queue_core.hpp>
#include <signet/pattern/queue/queue_file.hpp>
#include <signet/pattern/queue/queue_log.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace signet::pattern {

/// Opens the queue in the directory `path`, makes it there, or either. Where the machine has
/// stopped since, or what the living agreed on is lost, damaged or poisoned, it is recovered first,
/// by an opener that is alone; somebody else who has it open then is an error. `shape` as for
/// queue_core, and always of class host_crash; `segment_bytes` is the opener's affair.
std::shared_ptr<queue_core> open_durable_queue(const std::string& path, const queue_shape& shape,
                                               opening how,
                                               std::uint64_t segment_bytes = segment_bytes_usual);

/// Removes all of it; what else is in the directory stays, and then the directory does. False where
/// there is none. Throws where somebody has it open.
bool remove_durable_queue(const std::string& path);

/// What stands in a log, read without changing or disturbing anything.
struct log_report {
    std::uint64_t segments = 0;
    std::uint64_t bytes = 0;
    std::uint64_t groups = 0;
    std::uint64_t entries = 0;
    std::uint64_t live = 0;
    std::uint64_t live_bytes = 0;
    bool in_use = false;    ///< of this boot: read to where its users say that it ends
    bool poisoned = false;  ///< a write to its disk failed
    std::vector<log_damage> damage{};
};
log_report verify_log(const std::string& path);

}  // namespace signet::pattern
