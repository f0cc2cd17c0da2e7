// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/byte_ring.hpp>

#include <algorithm>

namespace signet::memory {
namespace {

// What gets memory at once: little for a channel that says little, and no more than this.
constexpr std::uint64_t memory_step_max = 16 * page_bytes;

}  // namespace

void begin_ring_page(ring_page& fresh) noexcept {
    // relaxed: before anybody else has the memory
    fresh.magic.store(byte_ring_magic, std::memory_order_relaxed);
    fresh.version.store(byte_ring_version, std::memory_order_relaxed);
}

ring_range half_memory::wanted(std::uint64_t lap, std::uint64_t bytes) const noexcept {
    const std::uint64_t there = present_[lap % 2];
    const std::uint64_t ahead = there + std::clamp(there, page_bytes + 0, memory_step_max);
    const std::uint64_t end =
        std::min(round_up(std::max(bytes, ahead), page_bytes), geometry_.half_bytes());
    return {geometry_.half_offset(lap) + there, end - there};
}

byte_ring_writer::byte_ring_writer(std::byte* segment, const byte_ring_geometry& geometry) noexcept
    : segment_{segment},
      page_{reinterpret_cast<ring_page*>(segment)},
      geometry_{geometry},
      memory_{geometry} {}

bool byte_ring_writer::note_reader(std::uint64_t lap) noexcept {
    if (lap < reader_lap_ || lap > lap_) return false;
    reader_lap_ = lap;
    return true;
}

void byte_ring_writer::begin_lap() noexcept {
    ++lap_;
    offset_ = 0;
    cleared_ = 0;
}

byte_ring_reader::byte_ring_reader(const std::byte* segment, const byte_ring_geometry& geometry,
                                   ring_page& own) noexcept
    : segment_{segment},
      page_{reinterpret_cast<const ring_page*>(segment)},
      own_{&own},
      geometry_{geometry},
      memory_{geometry} {}

byte_result byte_ring_reader::try_next(std::span<const std::byte>& view) noexcept {
    if (!sees()) return byte_result::absent;
    const std::uint64_t found = word();
    if (found >> 32 != record_word::tag(number_)) {
        return is_record(found) ? byte_result::broken : byte_result::empty;
    }
    const std::uint64_t bytes = found & record_word::bytes_max;
    const beside what{(found & 0xffff'ffff) >> record_word::bytes_bits};
    if (bytes > geometry_.payload_bytes_max || what > beside::files) {
        return byte_result::broken;  // T2
    }
    const std::uint64_t end = offset_ + record_bytes(bytes);
    if (!memory_.reaches(lap_, end)) return wants(end);
    view = {half() + offset_ + word_bytes, static_cast<std::size_t>(bytes)};  // T3
    advance(offset_ + geometry_.step_bytes(bytes, what));
    return what == beside::files ? byte_result::accompanied : byte_result::message;
}

void byte_ring_reader::advance(std::uint64_t next) noexcept {
    ++number_;
    offset_ = next;
    if (next < geometry_.lap_bytes) return;
    ++lap_;
    offset_ = 0;
}

}  // namespace signet::memory
