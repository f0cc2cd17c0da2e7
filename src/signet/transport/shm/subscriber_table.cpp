// SPDX-License-Identifier: Apache-2.0
#include <signet/transport/shm/subscriber_table.hpp>

#include <algorithm>

namespace signet::transport::shm {
namespace {

const memory::subscriber_page& page_of(const subscriber_entry& entry) {
    return *reinterpret_cast<const memory::subscriber_page*>(entry.page.data());
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

std::span<const std::uint64_t> subscriber_table::held() {
    held_.clear();
    for (const subscriber_entry& entry : entries_) {
        for (std::uint32_t k = 0; k < entry.grant; ++k) {
            const std::uint64_t hazard =
                page_of(entry).hazard[k].load(std::memory_order_acquire);  // M4, SYNC hazard
            if (hazard != 0) held_.push_back(hazard - 1);
        }
    }
    std::sort(held_.begin(), held_.end());
    return held_;
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
    for (const subscriber_entry& entry : entries_) {
        // relaxed: the subscriber's own count, which orders nothing
        sum += page_of(entry).lost.load(std::memory_order_relaxed);
    }
    return sum;
}

}  // namespace signet::transport::shm
