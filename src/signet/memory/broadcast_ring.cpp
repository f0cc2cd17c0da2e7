// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/broadcast_ring.hpp>

#include <algorithm>

namespace signet::memory {

ring_writer::ring_writer(std::byte* segment, const topic_geometry& geometry)
    : slots_{segment + geometry.slots_offset()},
      mask_{geometry.depth - 1},
      slot_bytes_{geometry.slot_bytes},
      limit_{geometry.depth},
      header_{reinterpret_cast<segment_header*>(segment)},
      timed_{geometry.timed},
      geometry_{geometry} {
    add_extent(segment + geometry.chunks_offset(), geometry.chunk_bytes);
    // relaxed: nobody has the segment yet; the handshake publishes it
    header_->magic.store(segment_magic, std::memory_order_relaxed);
    header_->version.store(topic_layout_version, std::memory_order_relaxed);  // relaxed: as above
}

void ring_writer::advance_frontier(std::uint64_t frontier) noexcept {
    frontier_ = frontier;
    header_->frontier.store(frontier, std::memory_order_relaxed);  // M2, ordered by the fence
    fence(std::memory_order_seq_cst);                              // M3, SYNC frontier, SYNC hazard
}

ring_reader::ring_reader(const std::byte* segment, const topic_geometry& geometry,
                         subscriber_page& page, std::uint64_t start, std::uint32_t held_max,
                         reporting told, guarding guarded)
    : slots_{segment + geometry.slots_offset()},
      mask_{geometry.depth - 1},
      slot_bytes_{geometry.slot_bytes},
      position_{start},
      header_{reinterpret_cast<const segment_header*>(segment)},
      reported_{start},
      report_batch_{told == reporting::each_message ? 1 : geometry.batch()},
      guarded_{guarded},
      page_{&page},
      timed_{geometry.timed},
      start_{start},
      geometry_{geometry} {
    add_extent(segment + geometry.chunks_offset(), geometry.chunk_bytes, geometry.chunk_count);
    if (geometry.timed) latency_.resize(latency_buckets);
    for (std::uint32_t hold = std::min(held_max, held_max_limit); hold > 0; --hold) {
        free_holds_.push_back(hold - 1);
    }
    page.start.store(start, std::memory_order_relaxed);   // relaxed: for onlookers only
    page.cursor.store(start, std::memory_order_release);  // SYNC cursor
}

read_result ring_reader::try_open(message_view& view, void* buffer) noexcept {
    const slot& s = slot_of(position_);
    const std::uint64_t stamp = s.stamp.load(std::memory_order_acquire);  // R1, SYNC stamp
    if (stamp != position_ + 1) return classify(stamp);
    // relaxed: proved by the frontier in what follows, and checked before use
    const auto shape = payload_shape::unpack(s.shape.load(std::memory_order_relaxed));
    view = {position_, shape.bytes, nullptr, 0, time_of(s)};
    return shape.chunk == payload_shape::no_chunk ? open_inline(s, shape, buffer)
                                                  : open_chunk(view, shape);
}

read_result ring_reader::open_inline(const slot& s, payload_shape shape, void* buffer) noexcept {
    const std::size_t bytes = std::min<std::size_t>(shape.bytes, geometry_.inline_bytes_max());
    copy_out(buffer, s.payload(), bytes);  // R2
    if (!still_there()) return read_result::passed;
    if (bytes != shape.bytes) return read_result::broken;
    leave_cursor();
    ++position_;
    return read_result::message;
}

bool ring_reader::guard_by_hazard(std::uint32_t hold) noexcept {
    hazard_set_ = hold;
    // Release: a scan that finds this value in place of the zero of release() must also be ordered
    // after the reads under the earlier hold.
    page_->hazard[hold].store(position_ + 1, std::memory_order_release);  // R4, SYNC hazard
    fence(std::memory_order_seq_cst);                                     // SYNC hazard
    // relaxed: ordered by the fence above
    return header_->frontier.load(std::memory_order_relaxed) <= position_;
}

void ring_reader::unguard(std::uint32_t hold) noexcept {
    if (hold == at_cursor_) {
        at_cursor_ = no_hold;
        page_->opened.store(0, std::memory_order_relaxed);  // relaxed: for onlookers
    }
    if (hold == hazard_set_) {
        hazard_set_ = no_hold;
        // Release: a scan that finds this zero must be ordered after the reads under earlier holds.
        page_->hazard[hold].store(0, std::memory_order_release);  // R6, SYNC hazard
    }
}

std::uint64_t ring_reader::skip_passed() noexcept {
    const std::uint64_t frontier =
        header_->frontier.load(std::memory_order_acquire);  // SYNC frontier
    if (frontier <= position_) return 0;
    leave_cursor();
    const std::uint64_t lost = frontier - position_;
    position_ = frontier;
    lost_ += lost;
    page_->lost.store(lost_, std::memory_order_relaxed);  // relaxed: for onlookers only
    return lost;
}

void ring_reader::skip_to_newest() noexcept {
    if (!anything_there()) return;
    const std::uint64_t newest = published();
    if (newest <= position_ + 1) return;
    leave_cursor();
    skipped_ += newest - 1 - position_;
    position_ = newest - 1;
    page_->skipped.store(skipped_, std::memory_order_relaxed);  // relaxed: for onlookers only
}

}  // namespace signet::memory
