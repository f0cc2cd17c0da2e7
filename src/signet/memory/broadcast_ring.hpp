// SPDX-License-Identifier: Apache-2.0
// The topic ring: one writer, any number of readers that each write only their own page. The
// protocol, its invariants and what a death at each step leaves: docs/design/topic-ring.md; the
// labels P1..P5, M1..M6, R1..R7 below are the steps there.
//
// Thread safety: a writer and a reader belong to one thread at a time each. Nothing here blocks or
// calls the kernel. What a peer wrote is checked before it is used.
#pragma once

#include <signet/memory/topic_layout.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace signet::memory {

/// The publisher's end. Invariants:
/// 1. A slot is overwritten only when its message is below the frontier.
/// 2. The frontier never decreases, and every store to a slot or chunk of a message below it comes
///    after the fence that follows the frontier's store.
class ring_writer {
public:
    /// `segment` is fresh memory of geometry.segment_bytes(), mapped writable, outliving this.
    ring_writer(std::byte* segment, const topic_geometry& geometry) noexcept;

    /// P1. Whether the next message has a slot. The slow path is advance_frontier().
    bool has_room() const noexcept { return next_ < limit_; }

    /// P2..P5 for a payload of at most geometry.inline_bytes_max().
    void publish_inline(const void* payload, std::size_t bytes) noexcept {
        slot& s = slot_of(next_);
        copy_in(s.payload(), payload, bytes);
        commit(s, payload_shape::of_inline(bytes));
    }

    /// P3..P5 for a payload that already lies in `chunk`.
    void publish_chunk(std::uint32_t chunk, std::size_t bytes) noexcept {
        commit(slot_of(next_), payload_shape::of_chunk(bytes, chunk));
    }

    /// M2, M3: gives up the messages below `frontier`. The caller then scans the hazards.
    void advance_frontier(std::uint64_t frontier) noexcept;

    /// M6: uses the room that the frontier gives.
    void open_room() noexcept { limit_ = frontier_ + geometry_.depth; }

    std::uint64_t next() const noexcept { return next_; }
    std::uint64_t frontier() const noexcept { return frontier_; }
    const topic_geometry& geometry() const noexcept { return geometry_; }

    /// J3: messages published so far, or a little earlier; any thread.
    std::uint64_t published() const noexcept {
        // relaxed: under the mutex of M1 it is at or above the frontier, and a little early does no
        // harm
        return header_->published.load(std::memory_order_relaxed);
    }

    std::byte* chunk(std::uint32_t index) const noexcept {
        return segment_ + geometry_.chunks_offset() + index * geometry_.chunk_bytes;
    }

private:
    slot& slot_of(std::uint64_t message) const noexcept {
        return *reinterpret_cast<slot*>(slots_ + (message & mask_) * slot_bytes_);
    }

    void commit(slot& s, std::uint64_t shape) noexcept {
        s.shape.store(shape, std::memory_order_relaxed);      // P3, published by the stamp
        s.stamp.store(next_ + 1, std::memory_order_release);  // P4, SYNC stamp
        ++next_;
        // relaxed: for onlookers and the control thread, who may see it late
        header_->published.store(next_, std::memory_order_relaxed);
    }

    std::byte* slots_;
    std::uint64_t mask_;
    std::uint64_t slot_bytes_;
    std::uint64_t next_ = 0;
    std::uint64_t limit_;
    segment_header* header_;
    std::byte* segment_;
    std::uint64_t frontier_ = 0;
    topic_geometry geometry_;
};

/// What an attempt to read the next message found.
enum class read_result {
    message,
    empty,   ///< nothing there yet
    passed,  ///< the writer was faster; skip_passed() counts what was lost
    full,    ///< the user already holds as many samples as were granted
    broken,  ///< the writer wrote what no correct writer writes
};

/// A message as the ring shows it.
struct message_view {
    std::uint64_t number;
    std::size_t bytes;
    const std::byte* in_place;  ///< valid until release(hold); null: it was copied to the buffer
    std::uint32_t hold;         ///< which hazard holds it
};

/// When a reader tells the writer how far it is.
enum class reporting {
    each_message,  ///< the writer may be waiting for it
    in_batches,    ///< only for onlookers
};

/// A subscriber's end of one publisher's ring.
class ring_reader {
public:
    /// `segment` is mapped read-only, `page` is this subscriber's own page; both outlive this.
    ring_reader(const std::byte* segment, const topic_geometry& geometry, subscriber_page& page,
                std::uint64_t start, std::uint32_t held_max, reporting told);

    /// Copies the next message, which must be inline and of exactly `Bytes` bytes, to `to`.
    template <std::size_t Bytes>
    read_result try_copy(void* to) noexcept {
        const slot& s = slot_of(position_);
        const std::uint64_t stamp = s.stamp.load(std::memory_order_acquire);  // R1, SYNC stamp
        if (stamp != position_ + 1) {
            // A payload that goes over into a second line: have both come at once.
            if constexpr (Bytes > 48 && Bytes <= 112)
                prefetch(s.payload() + Bytes / word_bytes - 1);
            return classify(stamp);
        }
        const std::uint64_t shape = s.shape.load(std::memory_order_relaxed);  // checked just below
        prefetch(&slot_of(position_ + slots_ahead));
        copy_out(to, s.payload(), Bytes);  // R2
        if (!still_there()) return read_result::passed;
        if (shape != payload_shape::of_inline(Bytes)) return read_result::broken;
        ++position_;
        return read_result::message;
    }

    /// Opens the next message: a small one is copied to `buffer` (geometry.inline_bytes_max()
    /// bytes), a large one is held in place until release().
    read_result try_open(message_view& view, void* buffer) noexcept;

    /// Holds the next message, which must be of exactly `bytes` bytes and lie in a chunk.
    read_result try_hold(message_view& view, std::size_t bytes) noexcept;

    /// Whether a read would find anything but an empty ring; reads and changes nothing.
    bool anything_there() const noexcept {
        // relaxed: a hint, for the read that follows loads it again
        return slot_of(position_).stamp.load(std::memory_order_relaxed) > position_;
    }

    /// R6: ends the hold of a message that was opened in place.
    void release(std::uint32_t hold) noexcept;

    /// F: goes to the oldest message still there and returns how many were lost; 0: the writer
    /// contradicts itself, treat it as broken.
    std::uint64_t skip_passed() noexcept;

    /// R7: tells the writer how far this reader is. Returns whether there was news to tell.
    bool report() noexcept {
        if (reported_ == position_) return false;
        reported_ = position_;
        page_->cursor.store(position_, std::memory_order_release);  // SYNC cursor
        return true;
    }

    /// Reads no more; what is held stays held, but the writer need not wait for this reader.
    void abandon() noexcept {
        page_->cursor.store(cursor_abandoned, std::memory_order_release);  // SYNC cursor
    }

    /// Whether enough was read since the last report that the writer should hear of it.
    bool report_due() const noexcept { return position_ - reported_ >= report_batch_; }

    std::uint64_t position() const noexcept { return position_; }
    std::uint64_t lost() const noexcept { return lost_; }
    std::uint64_t received() const noexcept { return position_ - start_ - lost_; }
    const topic_geometry& geometry() const noexcept { return geometry_; }

private:
    const slot& slot_of(std::uint64_t message) const noexcept {
        return *reinterpret_cast<const slot*>(slots_ + (message & mask_) * slot_bytes_);
    }

    /// R3: whether what was copied before is whole.
    bool still_there() const noexcept {
        fence(std::memory_order_acquire);  // SYNC frontier
        // relaxed: ordered by the fence above
        return header_->frontier.load(std::memory_order_relaxed) <= position_;
    }

    // In a stream the lines of later messages come while this one is used; measured, that is a
    // third more messages, and no loss in a round trip.
    static constexpr std::uint64_t slots_ahead = 64;

    read_result classify(std::uint64_t stamp) const noexcept {
        return stamp <= position_ ? read_result::empty : read_result::passed;
    }

    read_result open_inline(message_view& view, const slot& s, payload_shape shape,
                            void* buffer) noexcept;
    read_result open_chunk(message_view& view, payload_shape shape) noexcept;

    const std::byte* slots_;
    std::uint64_t mask_;
    std::uint64_t slot_bytes_;
    std::uint64_t position_;
    const segment_header* header_;
    std::uint64_t reported_;
    std::uint64_t report_batch_;
    subscriber_page* page_;
    std::uint64_t start_;
    std::uint64_t lost_ = 0;
    const std::byte* segment_;
    topic_geometry geometry_;
    std::vector<std::uint32_t> free_holds_;
};

}  // namespace signet::memory
