// SPDX-License-Identifier: Apache-2.0
// What all the counters of a rendezvous directory said at one moment, as `watch` reads them. Plain
// values. What is counted is what its owner says of itself: numbers that contradict each other are
// bounded (a lag is never more than was published), but somebody who lies is believed otherwise.
#pragma once

#include <signet/base/time.hpp>
#include <signet/memory/topic_layout.hpp>
#include <signet/transport/topic.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace signet::observe {

/// Messages by their age when they were read, in the buckets of memory/topic_layout.hpp.
struct latency_histogram {
    std::array<std::uint64_t, memory::latency_buckets> counts{};

    std::uint64_t total() const noexcept;

    /// The age that `share` of the messages (0 to 1) did not exceed, up to the width of a bucket (a
    /// quarter); 0 where there are none.
    std::chrono::nanoseconds quantile(double share) const noexcept;

    /// Those that were counted since `before`.
    latency_histogram since(const latency_histogram& before) const noexcept;
};

/// Whose counts they are.
struct owner {
    std::uint64_t endpoint = 0;
    std::string topic{};
    int pid = 0;            ///< 0 where this process cannot know it
    std::string command{};  ///< for people
    std::string problem{};  ///< a sentence; empty: its process answered when it was last asked
};

/// A publisher's counts.
struct publication {
    owner of;
    std::uint64_t published = 0;
    std::uint64_t bytes = 0;  ///< of payload, in all
    std::uint64_t waits = 0;  ///< times it waited for subscribers that block
    std::chrono::nanoseconds waited{0};
    std::uint64_t evicted = 0;       ///< subscribers that held it back for too long
    std::uint64_t memory_bytes = 0;  ///< that have memory behind them
    std::uint64_t limbo_chunks = 0;  ///< retired, but still being read
    std::uint64_t extents = 0;
    std::uint64_t depth = 0;
    std::uint64_t subscriptions = 0;  ///< of those that were found

    /// Since the reading before (`add_rates`), each second; of `waited`: as a share of the time.
    struct rates {
        double messages = 0, bytes = 0, waited = 0;
    };
    rates rate{};
};

/// A message that a subscriber has not given back yet.
struct held_message {
    std::uint64_t number = 0;
    std::chrono::nanoseconds age{0};  ///< how long it is held, at least; 0: seen for the first time
};

/// A subscriber's counts of what it reads from one publisher.
struct subscription {
    owner of;
    std::uint64_t publisher = 0;
    transport::delivery policy{};
    std::uint64_t received = 0;
    std::uint64_t lost = 0;
    std::uint64_t skipped = 0;
    std::optional<std::uint64_t> lag{};  ///< published and not read yet; none: nobody knows
    bool finished = false;               ///< it reads no more, and only holds
    std::uint32_t held_max = 0;
    std::vector<held_message> held{};            ///< the longest first
    std::optional<latency_histogram> latency{};  ///< where messages say when they were published

    /// Since the reading before, each second.
    struct rates {
        double received = 0, lost = 0, skipped = 0;
    };
    rates rate{};
    std::optional<latency_histogram> recent{};  ///< since the reading before, or in all
};

/// An endpoint whose counts cannot be read, or a subscriber without a publisher.
struct bystander {
    owner of;
    bool publishes = false;
};

struct reading {
    clock::time_point taken{};
    std::size_t processes = 0;
    std::vector<publication> publications{};
    std::vector<subscription> subscriptions{};
    std::vector<bystander> bystanders{};
};

/// Fills in the rates of `now`. Who was not there before has no rates yet.
void add_rates(reading& now, const reading& before);

}  // namespace signet::observe
