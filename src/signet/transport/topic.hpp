// SPDX-License-Identifier: Apache-2.0
// What a topic is, whoever carries it: how a subscriber treats messages it is too slow for, what an
// endpoint may be told at its creation, what it tells about the others. Plain values.
#pragma once

#include <signet/base/time.hpp>
#include <signet/life/waiting.hpp>

#include <cstdint>
#include <stop_token>
#include <string>

namespace signet::transport {

/// What happens to messages that a subscriber is too slow for. Each subscriber chooses.
enum class delivery {
    drop_oldest,  ///< the publisher goes on; what was overwritten is counted as lost
    block,        ///< the publisher waits for room; nothing is lost
};

struct publisher_options {
    /// Messages the ring holds, rounded up to a power of two; 0: chosen by the size of a message.
    std::uint64_t depth = 0;

    /// The largest message in bytes, where the type does not say it.
    std::uint64_t payload_bytes_max = 0;

    /// Loans that may be out at once.
    std::uint32_t loans_max = 2;

    /// Subscribers at once; the next one is refused.
    std::uint32_t subscribers_max = 1024;

    /// Samples that all subscribers together may hold in place; a large one's memory is set aside
    /// only when it is used. Where it is at least subscribers_max, one is kept for each that may
    /// still come.
    std::uint32_t held_total = 2048;

    /// Whether subscribers may choose delivery::block.
    bool allow_block = true;

    life::wait_mode waiting = life::wait_mode::adaptive;
};

struct subscriber_options {
    delivery policy = delivery::drop_oldest;

    /// Large samples that may be held at once, per publisher.
    std::uint32_t held_max = 4;

    life::wait_mode waiting = life::wait_mode::adaptive;
};

/// Something that happened at the other end.
struct topic_event {
    enum class kind {
        joined,
        left,     ///< in good order
        died,     ///< its process is gone
        refused,  ///< it declined us, or we declined it, for the reason given
    };

    kind what;
    int pid;                 ///< 0 where this process cannot know it
    std::string command;     ///< for people
    std::uint64_t endpoint;  ///< the publisher's or subscriber's id; 0 where it did not get so far
    std::string reason;      ///< a sentence for people; empty for joined
    clock::time_point noticed;  ///< when this process noticed
};

/// How long a call is willing to wait.
struct patience {
    deadline until = never;
    std::stop_token stop{};

    /// Returns at once.
    static patience none() { return {deadline::min(), {}}; }
};

}  // namespace signet::transport
