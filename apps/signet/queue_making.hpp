// SPDX-License-Identifier: Apache-2.0
// What a queue is to be like that the command makes. For the main thread.
#pragma once

#include "command_line.hpp"

#include <signet/face/raw_queue.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace signet::command {

/// 0: not given.
struct queue_making {
    bool binary = false;
    std::uint64_t bytes = 0;
    std::uint64_t message_bytes_max = 0;
    unsigned priorities = 0;
    unsigned deliveries_max = 0;
    double id_window_s = 0;
    bool keep_expired = false;
};

void add_queue_making(command_line to, queue_making& making);

/// The queue there, whatever its type, or a new one of text or bytes. Throws `error`.
raw_queue make_queue(const std::string& name, const queue_making& making);

std::chrono::nanoseconds nanoseconds_of(double seconds);

}  // namespace signet::command
