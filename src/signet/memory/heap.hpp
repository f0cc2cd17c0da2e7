// SPDX-License-Identifier: Apache-2.0
// An allocator whose whole state lies in a region: blocks of a multiple of 16 bytes, each with a
// header before it, free neighbours joined at once, free blocks in lists by size. The lists are
// those of TLSF (M. Masmano, I. Ripoll, A. Crespo, J. Real, "TLSF: a new dynamic memory allocator
// for real-time systems", 2004): finding, splitting and joining touch a bounded number of words, so
// that each operation is one transaction of the redo log, and a death leaves it done or undone.
//
// Thread safety: all of it under the region's lock (`keeper`). What is read may be damaged: sizes
// and links are checked, and throw `error` (damaged) before anything is changed.
#pragma once

#include <signet/memory/redo_log.hpp>

#include <cstddef>
#include <cstdint>

namespace signet::memory {

/// Where every byte of a heap is.
struct heap_account {
    std::uint64_t used_bytes = 0;  ///< in blocks that were given out
    std::uint64_t free_bytes = 0;
    std::uint64_t overhead_bytes = 0;  ///< lists, and a header for each block
    std::uint64_t used_blocks = 0;
    std::uint64_t free_blocks = 0;

    std::uint64_t total_bytes() const noexcept { return used_bytes + free_bytes + overhead_bytes; }
};

///     +0      which levels have a free block u64
///     +8      for each of 32 levels, which of its 16 lists have one u64
///     +264    the first block of each list u64
///     +4416   blocks: | arena: 24 | size: 39 | used: 1 | u64, size of the block before u64, then
///     the
///             bytes; a free one begins with the offsets of the next and the previous of its list
///     end-16  a header of size 0, used
///
/// The arena of a block says whom it was given to, so that what a dead or broken user left can be
/// found.
class heap {
public:
    static constexpr std::uint64_t granule_bytes = 16;
    static constexpr std::uint64_t lists_bytes = 4416;
    static constexpr std::uint32_t arena_max = (1u << 24) - 1;

    /// The heap from `begin` to the end of the region.
    heap(const region_words& words, std::uint64_t begin) noexcept
        : words_{words}, begin_{begin}, end_{words.bytes()} {}

    /// Makes fresh memory, all zeros, one free block. Nobody else may see it yet.
    void format() const noexcept;

    /// The offset of `bytes` bytes, aligned to `alignment`, a power of two up to a page; 0 where no
    /// block is large enough.
    std::uint64_t allocate(transaction& changes, std::uint64_t bytes,
                           std::uint64_t alignment = granule_bytes, std::uint32_t arena = 0) const;

    /// Takes back what `allocate` gave. Throws `error` (damaged) for what is no used block.
    void release(transaction& changes, std::uint64_t offset) const;

    /// How many bytes a block has, at least as many as were asked for.
    std::uint64_t size_of(std::uint64_t offset) const;

    /// The first used block of that arena at or behind `from`, which is 0 or what this returned; 0:
    /// there is none.
    std::uint64_t next_of(std::uint32_t arena, std::uint64_t from) const;

    /// Walks all blocks and all lists. Throws `error` (damaged) where they contradict each other.
    heap_account account() const;

private:
    struct list_place {
        unsigned level;
        unsigned row;
    };

    static list_place place_of(std::uint64_t size) noexcept;
    static list_place place_to_search(std::uint64_t size) noexcept;

    std::uint64_t first_block() const noexcept { return begin_ + lists_bytes; }
    std::uint64_t last_header() const noexcept { return end_ - 16; }
    std::uint64_t levels_word() const noexcept { return begin_; }
    std::uint64_t rows_word(unsigned level) const noexcept { return begin_ + 8 + level * 8; }
    std::uint64_t head_word(list_place place) const noexcept {
        return begin_ + 264 + (place.level * 16 + place.row) * 8;
    }

    std::uint64_t size_at(const transaction& changes, std::uint64_t block) const;
    bool is_free(const transaction& changes, std::uint64_t block) const;
    std::uint64_t find(const transaction& changes, std::uint64_t size) const;
    void resize(transaction& changes, std::uint64_t block, std::uint64_t size,
                std::uint64_t marks) const;
    void insert(transaction& changes, std::uint64_t block, std::uint64_t size) const;
    void remove(transaction& changes, std::uint64_t block) const;
    std::uint64_t cut_front(transaction& changes, std::uint64_t block,
                            std::uint64_t alignment) const;
    void cut_back(transaction& changes, std::uint64_t block, std::uint64_t size,
                  std::uint64_t marks) const;
    std::uint64_t used_block(const transaction& changes, std::uint64_t offset) const;
    std::uint64_t count_lists(const transaction& look, std::uint64_t blocks_max) const;

    region_words words_;
    std::uint64_t begin_;
    std::uint64_t end_;
};

}  // namespace signet::memory
