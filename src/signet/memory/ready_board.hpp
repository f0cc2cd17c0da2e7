// SPDX-License-Identifier: Apache-2.0
// The words by which many ends tell one waiter that they have something, so that it need not look
// at those that have not. The protocol, and why no mark is missed: docs/design/ready-board.md; R1
// to R3 and C1 to C4 are the steps there.
//
// Thread safety: any thread of any process that has the memory may write all of it. Marks are
// hints: a lost or forged one costs time, never correctness.
#pragma once

#include <signet/memory/topic_layout.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace signet::memory {

inline constexpr std::uint32_t marks_per_place = 4096;
inline constexpr std::uint32_t places_per_board = 32;

/// What one waiter looks at.
///
///     +0x000  bell         the waiter sleeps, whoever marks rings
///     +0x040  groups u64   bit g: there may be one in marks[g]
///     +0x080  marks  u64[64]
struct ready_place {
    bell_words bell;
    alignas(line_bytes) shared_word<std::uint64_t> groups;
    alignas(line_bytes) std::array<shared_word<std::uint64_t>, marks_per_place / 64> marks;
};
static_assert(offsetof(ready_place, groups) == 0x40);
static_assert(offsetof(ready_place, marks) == 0x80);
static_assert(sizeof(ready_place) == 0x280);

/// The board of a process: a place for each of its waiters.
struct ready_board {
    std::array<ready_place, places_per_board> places;
};
static_assert(sizeof(ready_board) == 5 * page_bytes);

/// A mark of a board in one word, as bell_words::told_at has it.
///
///     | 0: 14 | 1 | place: 5, mark: 12 |        0: nowhere
struct mark_word {
    static constexpr std::uint32_t valid = 1u << 17;

    static constexpr std::uint32_t of(std::uint32_t place, std::uint32_t mark) {
        return valid | place * marks_per_place | mark;
    }
    static constexpr bool sound(std::uint32_t word) { return word >> 17 == 1; }
    static constexpr std::uint32_t place(std::uint32_t word) {
        return word % valid / marks_per_place;
    }
    static constexpr std::uint32_t mark(std::uint32_t word) { return word % marks_per_place; }
};
static_assert(places_per_board * marks_per_place == mark_word::valid);

/// R1, R2. The group comes second, so that who finds it finds the mark too; and it is set whatever
/// it was, for who set it before may have been stopped on the way to the bell.
inline void set_mark(ready_place& at, std::uint32_t mark) noexcept {
    const std::uint64_t group = mark / 64;
    at.marks[group].fetch_or(std::uint64_t{1} << mark % 64,
                             std::memory_order_seq_cst);                       // R1, SYNC mark
    at.groups.fetch_or(std::uint64_t{1} << group, std::memory_order_seq_cst);  // R2, SYNC mark
}

/// Whether there may be a mark.
inline bool any_mark(const ready_place& at) noexcept {
    // relaxed: who sleeps has armed its bell before, with a fence
    return at.groups.load(std::memory_order_relaxed) != 0;
}

/// C3. Takes the marks there are, and calls `found` with each.
template <class Found>
void take_marks(ready_place& at, Found&& found) {
    std::uint64_t groups = at.groups.exchange(0, std::memory_order_seq_cst);  // SYNC mark
    for (; groups != 0; groups &= groups - 1) {
        const auto group = static_cast<std::uint32_t>(std::countr_zero(groups));
        std::uint64_t marks = at.marks[group].exchange(0, std::memory_order_seq_cst);  // SYNC mark
        for (; marks != 0; marks &= marks - 1) {
            found(group * 64 + static_cast<std::uint32_t>(std::countr_zero(marks)));
        }
    }
}

}  // namespace signet::memory
