// SPDX-License-Identifier: Apache-2.0
#include <signet/memory/heap.hpp>

#include <signet/base/error.hpp>

#include <algorithm>
#include <bit>

namespace signet::memory {
namespace {

constexpr std::uint64_t used = 1;
constexpr unsigned arena_shift = 40;
constexpr std::uint64_t size_mask = (std::uint64_t{1} << arena_shift) - 2;
constexpr std::uint64_t header_bytes = 16;
constexpr std::uint64_t block_bytes_min = 32;  // a header, and the two links of a free block
constexpr unsigned levels = 32;
constexpr unsigned rows = 16;
constexpr unsigned small_bits = 8;  // below 256 bytes there is a list for each size

// Words of a block, from its header.
constexpr std::uint64_t size_word(std::uint64_t block) {
    return block;
}
constexpr std::uint64_t before_word(std::uint64_t block) {
    return block + 8;
}
constexpr std::uint64_t next_word(std::uint64_t block) {
    return block + 16;
}
constexpr std::uint64_t previous_word(std::uint64_t block) {
    return block + 24;
}

constexpr std::uint64_t up(std::uint64_t number, std::uint64_t step) {
    return (number + step - 1) / step * step;
}

[[noreturn]] void damaged(const char* how) {
    throw error{errc::damaged, "use the heap of a region", {}, how};
}

}  // namespace

heap::list_place heap::place_of(std::uint64_t size) noexcept {
    if (size < (1u << small_bits)) return {0, static_cast<unsigned>(size / granule_bytes)};
    const unsigned log = static_cast<unsigned>(std::bit_width(size)) - 1;
    return {log - small_bits + 1, static_cast<unsigned>(size >> (log - 4)) & (rows - 1)};
}

// Every block of this list or a later one is large enough.
heap::list_place heap::place_to_search(std::uint64_t size) noexcept {
    if (size < (1u << small_bits)) return place_of(size);
    const unsigned log = static_cast<unsigned>(std::bit_width(size)) - 1;
    return place_of(size + (std::uint64_t{1} << (log - 4)) - 1);
}

void heap::format() const noexcept {
    const std::uint64_t block = first_block();
    const std::uint64_t size = (last_header() - block) / granule_bytes * granule_bytes;
    const list_place place = place_of(size);
    // relaxed, all: the region has no name yet
    const auto put = [&](std::uint64_t word, std::uint64_t value) {
        words_.at(word).store(value, std::memory_order_relaxed);  // relaxed: likewise
    };
    put(levels_word(), std::uint64_t{1} << place.level);
    put(rows_word(place.level), std::uint64_t{1} << place.row);
    put(head_word(place), block);
    put(size_word(block), size);
    put(size_word(block + size), used);
    put(before_word(block + size), size);
}

std::uint64_t heap::size_at(const transaction& changes, std::uint64_t block) const {
    if (block < first_block() || block >= last_header()) damaged("a block lies outside of it");
    const std::uint64_t size = changes.get(size_word(block)) & size_mask;
    const bool fits =
        size % granule_bytes == 0 && size >= block_bytes_min && size <= last_header() - block;
    if (!fits) damaged("a block has an impossible size");
    if (changes.get(before_word(block + size)) != size) damaged("two blocks disagree");
    return size;
}

bool heap::is_free(const transaction& changes, std::uint64_t block) const {
    return (changes.get(size_word(block)) & used) == 0;
}

// The first list that has a block, from where all are large enough.
std::uint64_t heap::find(const transaction& changes, std::uint64_t size) const {
    const list_place from = place_to_search(size);
    if (from.level >= levels) return 0;
    std::uint64_t row_bits = changes.get(rows_word(from.level)) & (~std::uint64_t{0} << from.row);
    unsigned level = from.level;
    if (row_bits == 0) {
        const std::uint64_t level_bits =
            changes.get(levels_word()) & (~std::uint64_t{0} << (from.level + 1));
        if (level_bits == 0) return 0;
        level = static_cast<unsigned>(std::countr_zero(level_bits));
        if (level >= levels) damaged("it says it has blocks of an impossible size");
        row_bits = changes.get(rows_word(level));
    }
    const auto row = static_cast<unsigned>(std::countr_zero(row_bits));
    if (row >= rows) damaged("it says it has blocks of an impossible size");
    const std::uint64_t block = changes.get(head_word({level, row}));
    if (size_at(changes, block) < size || !is_free(changes, block)) {
        damaged("a block is in the wrong list");
    }
    return block;
}

// The block's own header, and what the one behind it says of it.
void heap::resize(transaction& changes, std::uint64_t block, std::uint64_t size,
                  std::uint64_t marks) const {
    changes.set(size_word(block), size | marks);
    changes.set(before_word(block + size), size);
}

void heap::insert(transaction& changes, std::uint64_t block, std::uint64_t size) const {
    const list_place place = place_of(size);
    const std::uint64_t first = changes.get(head_word(place));
    if (first != 0) {
        size_at(changes, first);
        changes.set(previous_word(first), block);
    }
    changes.set(next_word(block), first);
    changes.set(previous_word(block), 0);
    changes.set(head_word(place), block);
    changes.set(rows_word(place.level),
                changes.get(rows_word(place.level)) | std::uint64_t{1} << place.row);
    changes.set(levels_word(), changes.get(levels_word()) | std::uint64_t{1} << place.level);
}

void heap::remove(transaction& changes, std::uint64_t block) const {
    const list_place place = place_of(size_at(changes, block));
    const std::uint64_t next = changes.get(next_word(block));
    const std::uint64_t previous = changes.get(previous_word(block));
    if (next != 0) {
        size_at(changes, next);
        changes.set(previous_word(next), previous);
    }
    if (previous != 0) {
        size_at(changes, previous);
        changes.set(next_word(previous), next);
        return;
    }
    changes.set(head_word(place), next);
    if (next != 0) return;
    const std::uint64_t row_bits =
        changes.get(rows_word(place.level)) & ~(std::uint64_t{1} << place.row);
    changes.set(rows_word(place.level), row_bits);
    if (row_bits != 0) return;
    changes.set(levels_word(), changes.get(levels_word()) & ~(std::uint64_t{1} << place.level));
}

// Gives the part before the first aligned place back, where a block fits in it.
std::uint64_t heap::cut_front(transaction& changes, std::uint64_t block,
                              std::uint64_t alignment) const {
    if ((block + header_bytes) % alignment == 0) return block;
    const std::uint64_t payload = up(block + block_bytes_min + header_bytes, alignment);
    const std::uint64_t front = payload - header_bytes - block;
    const std::uint64_t size = size_at(changes, block);
    resize(changes, block, front, 0);
    insert(changes, block, front);
    resize(changes, block + front, size - front, used);
    return block + front;
}

void heap::cut_back(transaction& changes, std::uint64_t block, std::uint64_t size,
                    std::uint64_t marks) const {
    const std::uint64_t whole = size_at(changes, block);
    if (whole - size < block_bytes_min) {
        resize(changes, block, whole, marks);
        return;
    }
    resize(changes, block, size, marks);
    resize(changes, block + size, whole - size, 0);
    insert(changes, block + size, whole - size);
}

std::uint64_t heap::allocate(transaction& changes, std::uint64_t bytes, std::uint64_t alignment,
                             std::uint32_t arena) const {
    if (bytes > end_) return 0;
    const std::uint64_t size = std::max(up(bytes, granule_bytes) + header_bytes, block_bytes_min);
    const std::uint64_t slack = alignment > granule_bytes ? alignment + block_bytes_min : 0;
    std::uint64_t block = find(changes, size + slack);
    if (block == 0) return 0;
    remove(changes, block);
    block = cut_front(changes, block, alignment);
    cut_back(changes, block, size, std::uint64_t{arena} << arena_shift | used);
    return block + header_bytes;
}

std::uint64_t heap::used_block(const transaction& changes, std::uint64_t offset) const {
    if (offset % granule_bytes != 0 || offset < first_block() + header_bytes) {
        damaged("what is given back was never given out");
    }
    const std::uint64_t block = offset - header_bytes;
    size_at(changes, block);
    if (is_free(changes, block)) damaged("what is given back is free already");
    return block;
}

void heap::release(transaction& changes, std::uint64_t offset) const {
    std::uint64_t block = used_block(changes, offset);
    std::uint64_t size = size_at(changes, block);
    const std::uint64_t next = block + size;
    if (next != last_header() && is_free(changes, next)) {
        size += size_at(changes, next);
        remove(changes, next);
    }
    const std::uint64_t before = changes.get(before_word(block));
    if (before != 0) {
        if (before > block - first_block()) damaged("a block has an impossible size");
        if (size_at(changes, block - before) != before) damaged("two blocks disagree");
        if (is_free(changes, block - before)) {
            block -= before;
            size += before;
            remove(changes, block);
        }
    }
    resize(changes, block, size, 0);
    insert(changes, block, size);
}

std::uint64_t heap::size_of(std::uint64_t offset) const {
    const transaction look{words_};
    return size_at(look, used_block(look, offset)) - header_bytes;
}

std::uint64_t heap::next_of(std::uint32_t arena, std::uint64_t from) const {
    const transaction look{words_};
    std::uint64_t block = from == 0 ? first_block() : from - header_bytes;
    while (block < last_header()) {
        const std::uint64_t size = size_at(look, block);
        const std::uint64_t marks = look.get(size_word(block)) & ~size_mask;
        if (marks == (std::uint64_t{arena} << arena_shift | used)) return block + header_bytes;
        block += size;
    }
    return 0;
}

heap_account heap::account() const {
    const transaction look{words_};
    heap_account all;
    all.overhead_bytes = lists_bytes + header_bytes;
    std::uint64_t block = first_block();
    while (block < last_header()) {
        const std::uint64_t size = size_at(look, block);
        const bool is_used = !is_free(look, block);
        (is_used ? all.used_bytes : all.free_bytes) += size - header_bytes;
        ++(is_used ? all.used_blocks : all.free_blocks);
        all.overhead_bytes += header_bytes;
        block += size;
    }
    if (count_lists(look, all.free_blocks) != all.free_blocks) {
        damaged("its lists and its blocks disagree");
    }
    return all;
}

// How many blocks the lists hold, at most one more than there may be.
std::uint64_t heap::count_lists(const transaction& look, std::uint64_t blocks_max) const {
    std::uint64_t count = 0;
    for (unsigned list = 0; list < levels * rows; ++list) {
        const list_place place{list / rows, list % rows};
        std::uint64_t block = look.get(head_word(place));
        while (block != 0 && count <= blocks_max) {
            const list_place found = place_of(size_at(look, block));
            const bool right = found.level == place.level && found.row == place.row;
            if (!right || !is_free(look, block)) damaged("a block is in the wrong list");
            ++count;
            block = look.get(next_word(block));
        }
    }
    return count;
}

}  // namespace signet::memory
