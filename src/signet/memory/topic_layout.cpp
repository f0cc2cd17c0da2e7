// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/topic_layout.hpp>

#include <bit>

namespace signet::memory {
namespace {

constexpr std::uint64_t depth_max = std::uint64_t{1} << 24;

bool sound_slots(const topic_geometry& g) {
    return std::has_single_bit(g.depth) && g.depth <= depth_max &&
           g.slot_bytes % slot_bytes_step == 0 && g.slot_bytes >= slot_bytes_min &&
           g.slot_bytes <= slot_bytes_max;
}

bool sound_chunks(const topic_geometry& g) {
    if (g.payload_bytes_max > payload_bytes_limit) return false;
    if (g.chunk_bytes == 0)
        return g.chunk_count == 0 && g.payload_bytes_max <= g.inline_bytes_max();
    return g.chunk_bytes % line_bytes == 0 && g.chunk_count != 0 &&
           g.chunk_count <= extent_chunks_max && g.chunk_bytes <= segment_bytes_max / g.chunk_count;
}

}  // namespace

bool topic_geometry::sound() const noexcept {
    return sound_slots(*this) && sound_chunks(*this) && segment_bytes() <= segment_bytes_max;
}

}  // namespace signet::memory
