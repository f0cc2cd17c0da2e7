// SPDX-License-Identifier: Apache-2.0
// A publisher's subscribers: their pages, as this process maps them, and what it granted them. Used
// under the publisher's mutex. Everything read from a page is the subscriber's word and is treated
// so: a cursor is clamped and never moves back, hazards beyond the grant are not looked at.
#pragma once

#include <signet/link/peer.hpp>
#include <signet/memory/topic_layout.hpp>
#include <signet/os/mapping.hpp>
#include <signet/transport/topic.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace signet::transport::shm {

struct subscriber_entry {
    std::uint64_t endpoint;
    link::peer* peer;
    os::mapping page;
    delivery policy;
    std::uint32_t grant;
    std::uint64_t cursor;  ///< the last one believed
    bool evicted = false;  ///< nobody waits for it any more, but what it holds is held
    std::chrono::nanoseconds stalled{0};  ///< how long the publisher waited for it

    /// Whether its cursor does not hold the frontier back any more.
    bool passed_over() const noexcept { return evicted && policy == delivery::block; }
};

class subscriber_table {
public:
    void add(subscriber_entry entry) { entries_.push_back(std::move(entry)); }

    /// Removes a subscriber that left in good order; false where there is none.
    bool remove_endpoint(std::uint64_t endpoint);

    /// Stops waiting for those that came over a link which is lost; returns who they were. What
    /// they hold stays held: their process may be alive.
    std::vector<std::uint64_t> evict_peer(const link::peer& peer);

    /// Removes those of a process that is proved dead, and lets go of what they held.
    void remove_peer(const link::peer& peer);

    /// The publisher waited for so long: adds it to the account of each that blocks and is furthest
    /// behind, and evicts those whose account is above the budget. Returns who they were.
    std::vector<std::uint64_t> charge(std::chrono::nanoseconds waited,
                                      std::chrono::nanoseconds budget);

    /// How long the publisher may wait until the next eviction.
    std::chrono::nanoseconds budget_left(std::chrono::nanoseconds budget) const;

    subscriber_entry* find(std::uint64_t endpoint);

    /// The lowest cursor of the blocking subscribers; `published` where there are none.
    std::uint64_t blocking_floor(std::uint64_t published);

    /// M4: the numbers of all messages that are being read in place, sorted. Valid until the next
    /// call.
    std::span<const std::uint64_t> held();

    /// Whether there is one that blocks and was evicted.
    bool passes_some() const;

    bool all_block() const;
    bool empty() const noexcept { return size() == 0; }

    /// Without those that were evicted.
    std::size_t size() const noexcept;
    const std::vector<subscriber_entry>& entries() const noexcept { return entries_; }
    std::uint32_t granted() const;

    /// Messages that those who are here say they lost; for onlookers.
    std::uint64_t lost() const;

    /// What is known of each that was not evicted.
    std::vector<subscriber_status> statuses(std::uint64_t published) const;

private:
    /// The lowest cursor of those that block, as last believed.
    std::uint64_t floor() const;

    std::vector<subscriber_entry> entries_;
    std::vector<std::uint64_t> held_;
};

}  // namespace signet::transport::shm
