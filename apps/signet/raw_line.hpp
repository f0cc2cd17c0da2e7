// SPDX-License-Identifier: Apache-2.0
// What channels are measured beside: the bare system calls of a mechanism, with nothing around
// them. A line is made before its two processes are forked; each uses one side, in one thread. What
// fails throws std::system_error.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace signet::command {

enum class line_side : std::size_t { leader, follower };

class raw_line {
public:
    raw_line() = default;
    raw_line(const raw_line&) = delete;
    raw_line& operator=(const raw_line&) = delete;
    virtual ~raw_line() = default;

    /// By one call, which waits for room.
    virtual void send(line_side from, std::span<const std::byte> message) = 0;

    /// What one call gives: at least a byte, at most a message where there are such.
    virtual std::size_t receive(line_side at, std::span<std::byte> buffer) = 0;

    /// Receives so many bytes.
    void receive_all(line_side at, std::span<std::byte> buffer, std::size_t bytes) {
        while (bytes != 0) bytes -= receive(at, buffer.first(std::min(bytes, buffer.size())));
    }
};

/// What the carrier of that scheme is built on; that of a unix socket where nothing is.
struct raw_kind {
    std::string_view name;
    std::unique_ptr<raw_line> (*make)();
};
raw_kind raw_kind_of(std::string_view scheme);

}  // namespace signet::command
