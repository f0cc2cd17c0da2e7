// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/subscriber_table.hpp>

#include <algorithm>

namespace signet::transport::shm {
namespace {

const memory::subscriber_page& page_of(const subscriber_entry& entry) {
    return *reinterpret_cast<const memory::subscriber_page*>(entry.page.data());
}

/// A count of the subscriber's own.
std::uint64_t told(const memory::shared_word<std::uint64_t>& word) {
    return word.load(std::memory_order_relaxed);  // relaxed: for onlookers, it orders nothing
}

subscriber_status status_of(const subscriber_entry& entry, std::uint64_t published) {
    const memory::subscriber_page& page = page_of(entry);
    const auto hazards = std::count_if(page.hazard, page.hazard + entry.grant,
                                       [](const auto& hazard) { return told(hazard) != 0; });
    const std::uint64_t cursor = told(page.cursor);
    const std::uint64_t opened = std::max(told(page.opened), cursor);
    return {.endpoint = entry.endpoint,
            .pid = entry.peer->identity.pid,
            .command = entry.peer->identity.command,
            .policy = entry.policy,
            .lag = published - std::min(opened, published),
            .lost = told(page.lost),
            .skipped = told(page.skipped),
            .held = static_cast<std::uint32_t>(hazards) + (opened > cursor ? 1 : 0),
            .stalled = entry.stalled};
}

}  // namespace

bool subscriber_table::remove_endpoint(std::uint64_t endpoint) {
    return std::erase_if(entries_, [&](const auto& e) { return e.endpoint == endpoint; }) != 0;
}

std::vector<std::uint64_t> subscriber_table::evict_peer(const link::peer& peer) {
    std::vector<std::uint64_t> evicted;
    for (subscriber_entry& entry : entries_) {
        if (entry.peer != &peer || entry.evicted) continue;
        entry.evicted = true;
        evicted.push_back(entry.endpoint);
    }
    return evicted;
}

void subscriber_table::remove_peer(const link::peer& peer) {
    std::erase_if(entries_, [&](const auto& entry) { return entry.peer == &peer; });
}

std::size_t subscriber_table::size() const noexcept {
    return static_cast<std::size_t>(std::count_if(
        entries_.begin(), entries_.end(), [](const auto& entry) { return !entry.evicted; }));
}

subscriber_entry* subscriber_table::find(std::uint64_t endpoint) {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const auto& entry) { return entry.endpoint == endpoint; });
    return found == entries_.end() ? nullptr : &*found;
}

std::uint64_t subscriber_table::blocking_floor(std::uint64_t published) {
    std::uint64_t floor = published;
    for (subscriber_entry& entry : entries_) {
        if (entry.policy != delivery::block || entry.evicted) continue;
        const std::uint64_t said =
            page_of(entry).cursor.load(std::memory_order_acquire);  // SYNC cursor
        entry.cursor = std::clamp(said, entry.cursor, published);
        floor = std::min(floor, entry.cursor);
    }
    return floor;
}

std::uint64_t subscriber_table::floor() const {
    std::uint64_t lowest = ~std::uint64_t{0};
    for (const subscriber_entry& entry : entries_) {
        if (entry.policy != delivery::block || entry.evicted) continue;
        lowest = std::min(lowest, entry.cursor);
    }
    return lowest;
}

std::vector<std::uint64_t> subscriber_table::charge(std::chrono::nanoseconds waited,
                                                    std::chrono::nanoseconds budget) {
    const std::uint64_t lowest = floor();
    std::vector<std::uint64_t> evicted;
    for (subscriber_entry& entry : entries_) {
        if (entry.policy != delivery::block || entry.evicted || entry.cursor != lowest) continue;
        entry.stalled += waited;
        if (entry.stalled < budget) continue;
        entry.evicted = true;
        evicted.push_back(entry.endpoint);
    }
    return evicted;
}

std::chrono::nanoseconds subscriber_table::budget_left(std::chrono::nanoseconds budget) const {
    const std::uint64_t lowest = floor();
    std::chrono::nanoseconds left = budget;
    for (const subscriber_entry& entry : entries_) {
        if (entry.policy != delivery::block || entry.evicted || entry.cursor != lowest) continue;
        left = std::min(left, budget - std::min(budget, entry.stalled));
    }
    return left;
}

std::vector<subscriber_status> subscriber_table::statuses(std::uint64_t published) const {
    std::vector<subscriber_status> all;
    for (const subscriber_entry& entry : entries_) {
        if (!entry.evicted) all.push_back(status_of(entry, published));
    }
    return all;
}

std::span<const std::uint64_t> subscriber_table::held() {
    held_.clear();
    for (const subscriber_entry& entry : entries_) {
        const std::size_t before = held_.size();
        // C4. Before its hazards: a message that leaves the cursor has one by then (C3).
        const std::uint64_t cursor =
            entry.passed_over() ? page_of(entry).cursor.load(
                                      std::memory_order_acquire)  // SYNC cursor, SYNC passing
                                : 0;
        for (std::uint32_t k = 0; k < entry.grant; ++k) {
            const std::uint64_t hazard =
                page_of(entry).hazard[k].load(std::memory_order_acquire);  // M4, SYNC hazard
            if (hazard != 0) held_.push_back(hazard - 1);
        }
        // One of its grants may be for the message at its cursor.
        if (entry.passed_over() && held_.size() - before < entry.grant) held_.push_back(cursor);
    }
    std::sort(held_.begin(), held_.end());
    return held_;
}

bool subscriber_table::passes_some() const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [](const auto& entry) { return entry.passed_over(); });
}

bool subscriber_table::all_block() const {
    return std::all_of(entries_.begin(), entries_.end(), [](const auto& entry) {
        return entry.policy == delivery::block || entry.evicted;
    });
}

std::uint32_t subscriber_table::granted() const {
    std::uint32_t sum = 0;
    for (const subscriber_entry& entry : entries_) sum += entry.grant;
    return sum;
}

std::uint64_t subscriber_table::lost() const {
    std::uint64_t sum = 0;
    for (const subscriber_entry& entry : entries_) sum += told(page_of(entry).lost);
    return sum;
}

}  // namespace signet::transport::shm
