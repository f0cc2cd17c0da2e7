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
#include <utility>
#include <vector>

namespace signet::memory {

/// The publisher's end. Invariants:
/// 1. A slot is overwritten only when its message is below the frontier.
/// 2. The frontier never decreases, and every store to a slot or chunk of a message below it comes
///    after the fence that follows the frontier's store.
class ring_writer {
public:
    /// `segment` is fresh memory of geometry.segment_bytes(), mapped writable, outliving this.
    ring_writer(std::byte* segment, const topic_geometry& geometry);

    /// P1. Whether the next message has a slot. The slow path is advance_frontier().
    bool has_room() const noexcept { return next_ < limit_; }

    /// P2..P5 for a payload of at most geometry.inline_bytes_max(). `time` (nanoseconds) is for
    /// timed rings.
    void publish_inline(const void* payload, std::size_t bytes, std::uint64_t time = 0) noexcept {
        slot& s = slot_of(next_);
        copy_in(s.payload(), payload, bytes);
        commit(s, payload_shape::of_inline(bytes), time);
    }

    /// P3..P5 for a payload that already lies in `chunk`.
    void publish_chunk(std::uint32_t chunk, std::size_t bytes, std::uint64_t time = 0) noexcept {
        commit(slot_of(next_), payload_shape::of_chunk(bytes, chunk), time);
    }

    /// Tells onlookers of the size of a message, where they cannot know it.
    void count_bytes(std::size_t bytes) noexcept {
        bytes_ += bytes;
        header_->bytes.store(bytes_, std::memory_order_relaxed);  // relaxed: for onlookers only
    }

    bool timed() const noexcept { return timed_; }

    /// Where this writer tells onlookers what it counts on its slow paths.
    publisher_counts& counts() const noexcept { return header_->counts; }

    /// M2, M3: gives up the messages below `frontier`. The caller then scans the hazards.
    void advance_frontier(std::uint64_t frontier) noexcept;

    /// C4: whether messages at the cursor of a blocking subscriber may be overwritten. To begin
    /// with it, a barrier in all processes must follow.
    void let_pass(bool passing) noexcept {
        header_->passing.store(passing ? 1 : 0, std::memory_order_relaxed);  // SYNC passing
    }

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

    /// Further chunks, in memory that outlives this. The first extent lies behind the slots.
    void add_extent(std::byte* base, std::uint64_t chunk_bytes) {
        extents_.push_back({base, chunk_bytes});
    }

    std::byte* chunk(std::uint32_t name) const noexcept {
        const chunk_group& e = extents_[extent_of(name)];
        return e.base + index_in_extent(name) * e.chunk_bytes;
    }
    std::size_t chunk_bytes(std::uint32_t extent) const noexcept {
        return extents_[extent].chunk_bytes;
    }
    std::uint32_t extents() const noexcept { return static_cast<std::uint32_t>(extents_.size()); }

private:
    struct chunk_group {
        std::byte* base;
        std::uint64_t chunk_bytes;
    };

    slot& slot_of(std::uint64_t message) const noexcept {
        return *reinterpret_cast<slot*>(slots_ + (message & mask_) * slot_bytes_);
    }

    void commit(slot& s, std::uint64_t shape, std::uint64_t time) noexcept {
        if (timed_)
            // relaxed: published by the stamp
            s.time(slot_bytes_).store(time, std::memory_order_relaxed);
        s.shape.store(shape, std::memory_order_relaxed);      // P3, published by the stamp
        s.stamp.store(next_ + 1, std::memory_order_release);  // P4, SYNC stamp
        ++next_;
        // For onlookers and the control thread, who may see it late; and for readers that go to the
        // newest message, who must then find it.
        header_->published.store(next_, std::memory_order_release);  // SYNC published
    }

    std::byte* slots_;
    std::uint64_t mask_;
    std::uint64_t slot_bytes_;
    std::uint64_t next_ = 0;
    std::uint64_t limit_;
    segment_header* header_;
    bool timed_;
    std::uint64_t frontier_ = 0;
    std::uint64_t bytes_ = 0;
    topic_geometry geometry_;
    std::vector<chunk_group> extents_;
};

/// What an attempt to read the next message found.
enum class read_result {
    message,
    empty,   ///< nothing there yet
    passed,  ///< the writer was faster; skip_passed() counts what was lost
    full,    ///< the user already holds as many samples as were granted
    absent,  ///< it lies in an extent that this reader has not been given yet
    broken,  ///< the writer wrote what no correct writer writes
};

/// A message as the ring shows it.
struct message_view {
    std::uint64_t number;
    std::size_t bytes;
    const std::byte* in_place;  ///< valid until release(hold); null: it was copied to the buffer
    std::uint32_t hold;         ///< which hazard holds it
    std::uint64_t time = 0;     ///< when it was published; 0 where the ring is not timed
};

/// When a reader tells the writer how far it is.
enum class reporting {
    each_message,  ///< the writer may be waiting for it
    in_batches,    ///< only for onlookers
};

/// What keeps the message that a reader opened last from being overwritten.
enum class guarding {
    by_hazard,  ///< a hazard, and a fence
    by_cursor,  ///< the cursor, which the writer does not pass, until `passing` says that it may
};

/// A subscriber's end of one publisher's ring. A reader copies its messages or opens them, and does
/// not do both.
class ring_reader {
public:
    /// `segment` is mapped read-only, `page` is this subscriber's own page; both outlive this.
    /// `guarded` by the cursor only where the writer waits for this reader, and can make a barrier
    /// in this process.
    ring_reader(const std::byte* segment, const topic_geometry& geometry, subscriber_page& page,
                std::uint64_t start, std::uint32_t held_max, reporting told, guarding guarded);

    /// Copies the next message, which must be inline and of exactly `Bytes` bytes, to `to`.
    template <std::size_t Bytes>
    read_result try_copy(message_view& view, void* to) noexcept {
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
        const std::uint64_t time = time_of(s);
        if (!still_there()) return read_result::passed;
        if (shape != payload_shape::of_inline(Bytes)) return read_result::broken;
        view = {position_++, Bytes, nullptr, 0, time};
        return read_result::message;
    }

    /// Opens the next message: a small one is copied to `buffer` (geometry.inline_bytes_max()
    /// bytes), a large one is held in place until release().
    read_result try_open(message_view& view, void* buffer) noexcept;

    /// Holds the next message, which must be of exactly `bytes` bytes and lie in a chunk.
    read_result try_hold(message_view& view, std::size_t bytes) noexcept {
        const slot& s = slot_of(position_);
        const std::uint64_t stamp = s.stamp.load(std::memory_order_acquire);  // R1, SYNC stamp
        if (stamp != position_ + 1) return classify(stamp);
        // relaxed: proved in open_chunk(), and checked there before use
        const auto shape = payload_shape::unpack(s.shape.load(std::memory_order_relaxed));
        view = {position_, shape.bytes, nullptr, 0, time_of(s)};
        const read_result result = open_chunk(view, shape);
        if (result != read_result::message || shape.bytes == bytes) return result;
        release(view.hold);
        return read_result::broken;
    }

    /// Whether a read would find anything but an empty ring; reads and changes nothing.
    bool anything_there() const noexcept {
        // relaxed: a hint, for the read that follows loads it again
        return slot_of(position_).stamp.load(std::memory_order_relaxed) > position_;
    }

    /// R6: ends the hold of a message that was opened in place.
    void release(std::uint32_t hold) noexcept {
        if (hold == at_cursor_) {
            at_cursor_ = no_hold;
        } else {
            page_->hazard[hold].store(0, std::memory_order_release);  // R6, SYNC hazard
        }
        free_holds_.push_back(hold);
    }

    /// The hold whose hazard was set when the last message was opened, if one was: that message's,
    /// or the one's before it.
    static constexpr std::uint32_t no_hold = ~std::uint32_t{0};
    std::uint32_t hazard_set() const noexcept { return hazard_set_; }

    /// F: goes to the oldest message still there and returns how many were lost; 0: the writer
    /// contradicts itself, treat it as broken.
    std::uint64_t skip_passed() noexcept;

    /// Passes over all messages but the newest; does nothing where the next one is not there.
    void skip_to_newest() noexcept;

    /// Further chunks of the writer, mapped read-only and outliving this.
    void add_extent(const std::byte* base, std::uint64_t chunk_bytes, std::uint64_t chunk_count) {
        extents_.push_back({base, chunk_bytes, chunk_count});
    }

    /// Tells onlookers since when a hold lasts, and how old a message was when it was read.
    void note_hold(std::uint32_t hold, std::uint64_t now) noexcept {
        page_->since[hold].store(now, std::memory_order_relaxed);  // relaxed: for onlookers only
    }
    void note_age(std::uint64_t ns) noexcept {
        const std::size_t bucket = latency_bucket(ns);
        // relaxed: for onlookers only
        page_->latency[bucket].store(++latency_[bucket], std::memory_order_relaxed);
    }

    /// R7: tells the writer how far this reader is. Returns whether there was news to tell.
    bool report() noexcept {
        if (reported_ == done()) return false;
        reported_ = done();
        page_->cursor.store(reported_, std::memory_order_release);  // SYNC cursor
        return true;
    }

    /// Reads no more; what is held stays held, but the writer need not wait for this reader.
    void abandon() noexcept {
        leave_cursor();
        report_batch_ = ~std::uint64_t{0};                                 // never again
        page_->cursor.store(cursor_abandoned, std::memory_order_release);  // SYNC cursor
    }

    /// Whether enough was read since the last report that the writer should hear of it.
    bool report_due() const noexcept { return done() - reported_ >= report_batch_; }

    std::uint64_t position() const noexcept { return position_; }
    std::uint64_t lost() const noexcept { return lost_; }
    std::uint64_t skipped() const noexcept { return skipped_; }
    std::uint64_t received() const noexcept { return position_ - start_ - lost_ - skipped_; }
    bool timed() const noexcept { return timed_; }

    /// What the writer says it has published; a liar may say anything.
    std::uint64_t published() const noexcept {
        return header_->published.load(std::memory_order_acquire);  // SYNC published
    }
    const topic_geometry& geometry() const noexcept { return geometry_; }

private:
    struct chunk_group {
        const std::byte* base;
        std::uint64_t chunk_bytes;
        std::uint64_t chunk_count;
    };

    const slot& slot_of(std::uint64_t message) const noexcept {
        return *reinterpret_cast<const slot*>(slots_ + (message & mask_) * slot_bytes_);
    }

    std::uint64_t time_of(const slot& s) const noexcept {
        // relaxed: ordered by the stamp, and proved by the frontier like the payload
        return timed_ ? s.time(slot_bytes_).load(std::memory_order_relaxed) : 0;
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

    /// The writer need not keep the messages below.
    std::uint64_t done() const noexcept { return position_ - (at_cursor_ != no_hold ? 1 : 0); }

    read_result open_inline(const slot& s, payload_shape shape, void* buffer) noexcept;

    read_result open_chunk(message_view& view, payload_shape shape) noexcept {
        if (free_holds_.empty()) return read_result::full;
        view.hold = free_holds_.back();
        const read_result result = guard_next(view.hold) ? place(view, shape) : read_result::passed;
        if (result != read_result::message) [[unlikely]] {
            unguard(view.hold);
            return result;
        }
        free_holds_.pop_back();
        ++position_;
        prefetch_next();
        return read_result::message;
    }

    // A small chunk ends before the processor has seen where it leads; so, in a stream, the lines
    // of the next message come while this one is used. Only of one that is there: else they would
    // be taken from the writer.
    void prefetch_next() const noexcept {
        constexpr std::size_t bytes_ahead = 2048;
        const slot& s = slot_of(position_);
        if (s.stamp.load(std::memory_order_relaxed) != position_ + 1) return;  // relaxed: a hint
        // relaxed: checked before use, and only prefetched
        const auto shape = payload_shape::unpack(s.shape.load(std::memory_order_relaxed));
        message_view view{};
        if (shape.bytes > bytes_ahead || place(view, shape) != read_result::message) return;
        for (std::size_t at = 0; at < shape.bytes; at += line_bytes) prefetch(view.in_place + at);
    }

    /// R4: keeps the next message where it is. False: it may be overwritten already.
    bool guard_next(std::uint32_t hold) noexcept {
        hazard_set_ = no_hold;
        if (guarded_ == guarding::by_hazard) return guard_by_hazard(hold);
        leave_cursor();
        if (reported_ != position_)
            // C1, SYNC passing. Release: the hazard of leave_cursor() comes first.
            page_->cursor.store(position_, std::memory_order_release);  // SYNC cursor
        compiler_fence();
        // C2. relaxed: ordered by the barrier that the writer makes
        if (header_->passing.load(std::memory_order_relaxed) != 0) [[unlikely]]
            return guard_by_hazard(hold);
        at_cursor_ = hold;
        page_->opened.store(position_ + 1, std::memory_order_relaxed);  // relaxed: for onlookers
        return true;
    }

    /// C3: the message at the cursor is still held, and the cursor is about to move on.
    void leave_cursor() noexcept {
        if (at_cursor_ == no_hold) return;
        // Release: as in R4. The cursor's own release has it seen before the cursor moves.
        page_->hazard[at_cursor_].store(position_, std::memory_order_release);  // SYNC hazard
        page_->since[at_cursor_].store(0, std::memory_order_relaxed);  // relaxed: for onlookers
        hazard_set_ = std::exchange(at_cursor_, no_hold);
    }

    bool guard_by_hazard(std::uint32_t hold) noexcept;

    /// Nothing was opened under this hold after all.
    void unguard(std::uint32_t hold) noexcept;

    read_result place(message_view& view, payload_shape shape) const noexcept {
        const std::uint32_t number = extent_of(shape.chunk);
        const std::uint32_t index = index_in_extent(shape.chunk);
        if (number >= extents_.size()) {
            return number < extents_max ? read_result::absent : read_result::broken;
        }
        const chunk_group& e = extents_[number];
        if (index >= e.chunk_count || shape.bytes > e.chunk_bytes) return read_result::broken;
        view.in_place = e.base + index * e.chunk_bytes;
        return read_result::message;
    }

    const std::byte* slots_;
    std::uint64_t mask_;
    std::uint64_t slot_bytes_;
    std::uint64_t position_;
    const segment_header* header_;
    std::uint64_t reported_;
    std::uint64_t report_batch_;
    guarding guarded_;
    std::uint32_t at_cursor_ = no_hold;  ///< held by the cursor alone: the message before position_
    std::uint32_t hazard_set_ = no_hold;  ///< by the last open
    subscriber_page* page_;
    bool timed_;
    std::uint64_t start_;
    std::uint64_t lost_ = 0;
    std::uint64_t skipped_ = 0;
    topic_geometry geometry_;
    std::vector<chunk_group> extents_;
    std::vector<std::uint32_t> free_holds_;
    std::vector<std::uint64_t> latency_;  // by bucket, in timed rings only
};

}  // namespace signet::memory
