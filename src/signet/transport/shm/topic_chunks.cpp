// SPDX-License-Identifier: Apache-2.0
// The chunks of a publisher: which extent a message goes to, memory put behind a chunk when it is
// first used, and further extents when messages grow. Runs in the publishing thread.
#include <signet/base/error.hpp>
#include <signet/base/name.hpp>
#include <signet/transport/shm/topic_publisher.hpp>

#include <algorithm>
#include <bit>

namespace signet::transport::shm {
std::optional<chunk_loan> topic_publisher::loan_slowly(std::size_t bytes, const patience& limit) {
    if (loans_out_ == options_.loans_max) {
        throw contract_violation{"loan: " + std::to_string(loans_out_) +
                                 " loans are out; publish or drop one, or raise loans_max"};
    }
    const std::uint32_t extent = extent_for(bytes);
    auto chunk = take_chunk(extent);
    const auto look = [&] { return (chunk = take_chunk(extent)).has_value(); };
    if (!chunk && !wait_until(limit, look)) return std::nullopt;
    ++loans_out_;
    return chunk_loan{*chunk, ring_.chunk(*chunk), ring_.chunk_bytes(extent)};
}

std::uint32_t topic_publisher::extent_for(std::size_t bytes) {
    if (bytes > payload_bytes_max()) {
        throw error{errc::too_large, "publish to topic", name_for_people(topic_),
                    "the message has " + std::to_string(bytes) +
                        " bytes, and payload_bytes_max is " + std::to_string(payload_bytes_max())};
    }
    for (std::uint32_t extent = 0; extent < ring_.extents(); ++extent) {
        if (bytes <= ring_.chunk_bytes(extent)) return extent;
    }
    return grow(bytes);
}

std::uint32_t topic_publisher::grow(std::size_t bytes) {
    // Each further extent has chunks of a higher power of two, so 32 of them go from a line to the
    // largest payload.
    const memory::topic_geometry& g = ring_.geometry();
    const std::uint64_t doubled = std::bit_ceil(std::uint64_t{bytes});
    const std::uint64_t most =
        (g.payload_bytes_max + memory::line_bytes - 1) & ~(std::uint64_t{memory::line_bytes} - 1);
    const std::uint64_t chunk_bytes =
        std::min(std::max<std::uint64_t>(doubled, memory::line_bytes), most);
    if (chunk_bytes > memory::segment_bytes_max / g.chunk_count) {
        throw error{errc::too_large, "publish to topic", name_for_people(topic_),
                    std::to_string(g.chunk_count) + " chunks of " + std::to_string(chunk_bytes) +
                        " bytes are more than a segment can span; lower depth or held_total"};
    }
    shared_memory more =
        create_own_memory("signet-chunks", chunk_bytes * g.chunk_count, options_.pages);
    const auto plane_locked = plane_->lock();
    const std::lock_guard locked{table_mutex_};
    const std::uint32_t number = ring_.extents();
    ring_.add_extent(more.bytes.data(), chunk_bytes);
    pool_.add_extent();
    extents_.push_back(std::move(more));
    for (const subscriber_entry& entry : table_.entries()) {
        if (!entry.evicted) hand_over_extent(entry, number);
    }
    // relaxed: for onlookers only
    ring_.counts().extents.store(ring_.extents(), std::memory_order_relaxed);
    return number;
}

std::optional<std::uint32_t> topic_publisher::take_chunk(std::uint32_t extent) {
    const memory::reuse order = order_of(ring_.chunk_bytes(extent));
    if (const auto chunk = pool_.take(extent, order)) return chunk;
    const bool small = order == memory::reuse::oldest;
    if (small && pool_.used(extent) < ring_.geometry().depth) return take_fresh_chunk(extent);
    make_room();
    if (const auto chunk = pool_.take(extent, order)) return chunk;
    return take_fresh_chunk(extent);
}

std::optional<std::uint32_t> topic_publisher::take_fresh_chunk(std::uint32_t extent) {
    const auto fresh = pool_.take_fresh(extent);
    if (!fresh) return std::nullopt;
    const std::uint64_t index = memory::index_in_extent(*fresh);
    if (extent == 0 && index < chunks_set_aside_) return fresh;
    const std::uint64_t bytes = ring_.chunk_bytes(extent);
    const std::uint64_t begin = extent == 0 ? ring_.geometry().chunks_offset() : 0;
    shared_memory& in = extent == 0 ? segment_ : extents_[extent - 1];
    try {
        make_present(in, begin + index * bytes, bytes, options_.memory);
    } catch (...) {
        pool_.return_fresh(extent);
        throw;
    }
    count_memory(bytes);
    return fresh;
}

void topic_publisher::count_memory(std::uint64_t bytes) {
    memory_bytes_ += bytes;
    // relaxed: for onlookers only
    ring_.counts().memory_bytes.store(memory_bytes_, std::memory_order_relaxed);
}

}  // namespace signet::transport::shm
