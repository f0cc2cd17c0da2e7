// SPDX-License-Identifier: Apache-2.0
// What a server has of one of its connections.
//
// Thread safety: `line` has its own; the rest as it says.
#pragma once

#include <signet/os/epoll.hpp>
#include <signet/pattern/service/incoming_call.hpp>
#include <signet/pattern/service/rpc_line.hpp>
#include <signet/transport/wait_engine.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace signet::pattern {

class served_line : public std::enable_shared_from_this<served_line> {
public:
    explicit served_line(std::unique_ptr<rpc_line> made) : line{std::move(made)} {}

    const std::unique_ptr<rpc_line> line;

    // The reader's.
    transport::wait_key key{};                  ///< to wait for frames
    std::optional<transport::wait_key> room{};  ///< to wait for room, while replies are kept

    // Under the server's mutex.
    std::vector<std::shared_ptr<incoming_call>> calls;  ///< queued, or running
    bool resting = false;                               ///< not read until there is room
    bool over = false;                                  ///< the connection has ended

    /// Replies wait for the next one to go with them. Only where one thread serves.
    std::atomic<bool> corked{false};
};

}  // namespace signet::pattern
