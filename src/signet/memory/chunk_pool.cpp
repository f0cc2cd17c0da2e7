// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/chunk_pool.hpp>

#include <algorithm>
#include <utility>

namespace signet::memory {

void chunk_row::grow() {
    std::vector<std::uint32_t> larger(std::max<std::size_t>(2 * ring_.size(), 16));
    const std::size_t count = size();
    for (std::size_t i = 0; i < count; ++i) larger[i] = ring_[(begin_ + i) & mask()];
    ring_.swap(larger);
    begin_ = 0;
    end_ = count;
}

chunk_pool::chunk_pool(const topic_geometry& geometry)
    : mask_{geometry.depth - 1},
      count_{geometry.chunk_count},
      ring_(geometry.chunk_count == 0 ? 0 : geometry.depth, payload_shape::no_chunk),
      extents_(1) {}

std::optional<std::uint32_t> chunk_pool::take_fresh(std::uint32_t extent) {
    std::uint32_t& used = extents_[extent].used;
    if (used == count_) return std::nullopt;
    return chunk_name(extent, used++);
}

void chunk_pool::retire(std::uint64_t from, std::uint64_t to, std::span<const std::uint64_t> held) {
    if (ring_.empty()) return;
    examined_.swap(limbo_);
    for (const retired& entry : examined_) sort_out(entry, held);
    examined_.clear();
    for (std::uint64_t message = from; message != to; ++message) {
        const std::uint32_t chunk = std::exchange(ring_[message & mask_], payload_shape::no_chunk);
        if (chunk != payload_shape::no_chunk) sort_out({message, chunk}, held);
    }
}

void chunk_pool::sort_out(retired entry, std::span<const std::uint64_t> held) {
    if (std::binary_search(held.begin(), held.end(), entry.message)) {
        limbo_.push_back(entry);
    } else {
        give_back(entry.chunk);
    }
}

}  // namespace signet::memory
