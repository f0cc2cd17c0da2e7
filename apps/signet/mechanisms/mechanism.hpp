// SPDX-License-Identifier: Apache-2.0
// A row of `signet tour mechanisms`: what a mechanism is and promises, and how two processes
// exchange messages over it, by the types of signet/os or signet/sync. One file per row;
// catalogue.hpp lists them. An exchange is prepared in the process that then forks into the two
// ends; each end belongs to its process and is used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace signet::command {

/// One of the two processes' ends. What fails throws `error`.
class mechanism_end {
public:
    mechanism_end() = default;
    mechanism_end(const mechanism_end&) = delete;
    mechanism_end& operator=(const mechanism_end&) = delete;
    virtual ~mechanism_end() = default;

    /// Sends one message; waits for room.
    virtual void send(std::span<const std::byte> message) = 0;

    /// Fills `buffer` with the next message, which is as long; waits for it.
    virtual void receive(std::span<std::byte> buffer) = 0;
};

/// A place where both ends meet. Its destructor, in the preparing process, leaves no name behind,
/// whatever became of the two.
class exchange {
public:
    exchange() = default;
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;
    virtual ~exchange() = default;

    /// Each is called once, in its own process, by which time the other one may be at work already.
    virtual std::unique_ptr<mechanism_end> asking() = 0;
    virtual std::unique_ptr<mechanism_end> answering() = 0;
};

/// Texts are for a table: a few words each.
struct mechanism {
    std::string name;         ///< "anonymous pipe": as in docs/mechanisms.md
    std::string header;       ///< "signet/os/pipe.hpp"
    bool boundaries = false;  ///< whether what is received is what was sent, message by message
    std::string direction;    ///< "one way", "both ways", "any to any"
    std::string persistence;  ///< what lives how long: "until its last user is gone"
    std::optional<std::uint64_t> message_bytes_max{};  ///< on this machine, now; none: no limit
    std::string left_behind;                           ///< by a peer that was killed
    std::string use_when;

    std::size_t round_trip_bytes = 48;  ///< of a message of the round trip
    std::size_t stream_bytes = 65536;   ///< of a message of the stream

    /// `directory` is empty, private, and removed afterwards.
    std::unique_ptr<exchange> (*prepare)(const std::string& directory) = nullptr;
};

}  // namespace signet::command
