// SPDX-License-Identifier: Apache-2.0
// Which chunk of a publisher's segment is free, in the ring, or retired and perhaps still being
// read. All of it is private memory of the publisher: a peer can delay the reuse of the chunks it
// holds a hazard on, and nothing else. One thread at a time; nothing blocks.
#pragma once

#include <signet/memory/topic_layout.hpp>

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace signet::memory {

/// Which of the freed chunks is used first.
enum class reuse {
    newest,  ///< its lines may still be cached
    oldest,  ///< chunks come in the order of their addresses, which processors foresee
};

/// Chunks in a row, taken from either end.
class chunk_row {
public:
    bool empty() const noexcept { return begin_ == end_; }
    std::size_t size() const noexcept { return end_ - begin_; }

    void push_back(std::uint32_t chunk) {
        if (size() == ring_.size()) grow();
        ring_[end_++ & mask()] = chunk;
    }

    // Of one that has so many.
    std::uint32_t front() const noexcept { return ring_[begin_ & mask()]; }
    std::uint32_t second() const noexcept { return ring_[(begin_ + 1) & mask()]; }
    std::uint32_t back() const noexcept { return ring_[(end_ - 1) & mask()]; }
    void pop_front() noexcept { ++begin_; }
    void pop_back() noexcept { --end_; }

private:
    std::size_t mask() const noexcept { return ring_.size() - 1; }
    void grow();

    std::vector<std::uint32_t> ring_;  ///< a power of two of them, or none
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

/// Invariants:
/// 1. Each chunk of an extent below its `used()` is in exactly one place: free, with the user
///    (taken), in the ring, or in limbo. Chunks from `used()` on were never touched.
/// 2. A chunk leaves limbo only by a scan of all hazards in which none names its message.
class chunk_pool {
public:
    /// With the extent that comes with the slots.
    explicit chunk_pool(const topic_geometry& geometry);

    /// A further extent, of as many chunks as the first.
    void add_extent() { extents_.emplace_back(); }

    /// A freed chunk of an extent; none when only fresh ones, or none at all, are left.
    std::optional<std::uint32_t> take(std::uint32_t extent = 0, reuse order = reuse::newest) {
        chunk_row& free = extents_[extent].free;
        if (free.empty()) return std::nullopt;
        const std::uint32_t chunk = order == reuse::newest ? free.back() : free.front();
        order == reuse::newest ? free.pop_back() : free.pop_front();
        return chunk;
    }

    /// A chunk that take() will give soon, to fetch its lines. In the order of addresses it is the
    /// one after the next: a line from another core takes longer than a small message.
    std::optional<std::uint32_t> soon(std::uint32_t extent, reuse order) const {
        const chunk_row& free = extents_[extent].free;
        if (free.size() < 2) return std::nullopt;
        return order == reuse::newest ? free.back() : free.second();
    }

    /// A chunk that was never used; the caller makes sure that it has memory behind it.
    std::optional<std::uint32_t> take_fresh(std::uint32_t extent = 0);

    /// Undoes the last take_fresh() of the extent: there was no memory to put behind it.
    void return_fresh(std::uint32_t extent = 0) noexcept { --extents_[extent].used; }

    void give_back(std::uint32_t chunk) { extents_[extent_of(chunk)].free.push_back(chunk); }

    /// Records that `message` lies in `chunk` (payload_shape::no_chunk: in its slot).
    void note(std::uint64_t message, std::uint32_t chunk) {
        if (!ring_.empty()) ring_[message & mask_] = chunk;
    }

    /// Frees the chunks of the messages [from, to) and of the limbo whose message none of `held`
    /// names; the others wait in limbo. `held` is sorted; entries that name no chunk do no harm.
    void retire(std::uint64_t from, std::uint64_t to, std::span<const std::uint64_t> held);

    std::uint64_t used(std::uint32_t extent = 0) const noexcept { return extents_[extent].used; }
    std::size_t free_count(std::uint32_t extent = 0) const noexcept {
        return extents_[extent].free.size();
    }
    std::size_t limbo_count() const noexcept { return limbo_.size(); }

private:
    struct chunk_group {
        std::uint32_t used = 0;
        chunk_row free{};
    };

    struct retired {
        std::uint64_t message;
        std::uint32_t chunk;
    };

    void sort_out(retired entry, std::span<const std::uint64_t> held);

    std::uint64_t mask_;
    std::uint64_t count_;
    std::vector<std::uint32_t> ring_;  // chunk of each message in the ring, by message & mask_
    std::vector<chunk_group> extents_;
    std::vector<retired> limbo_;
    std::vector<retired> examined_;  // scratch of retire()
};

}  // namespace signet::memory
