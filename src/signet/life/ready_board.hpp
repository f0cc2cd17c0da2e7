// SPDX-License-Identifier: Apache-2.0
// How one thread waits for thousands of ends without looking at those that are idle: each tells it
// by a mark on a board, which all processes share that this one talks with. docs/design/
// ready-board.md has the protocol, and what a death at each step leaves.
//
// Thread safety: the board belongs to all threads, a place to one at a time. A forked child has a
// board of its own, and must not use a place of its parent's.
#pragma once

#include <signet/life/bell.hpp>
#include <signet/memory/ready_board.hpp>
#include <signet/os/descriptor.hpp>
#include <signet/os/fork_guard.hpp>
#include <signet/os/mapping.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

namespace signet::life {

/// The board that this process hands to whom it talks with.
class ready_board {
public:
    /// Made at first use. Throws `error`: no memory, no descriptors left.
    static std::shared_ptr<ready_board> of_this_process();

    /// What to hand over. Valid as long as this.
    const os::descriptor& file() const noexcept { return file_; }

    /// Not in a forked child.
    memory::ready_board& words() const noexcept {
        return *reinterpret_cast<memory::ready_board*>(bytes_.data());
    }

private:
    friend class ready_place;

    ready_board();

    os::made_in_process here_;
    os::descriptor file_;
    os::mapping bytes_;
    std::atomic<std::uint32_t> taken_{0};  ///< a bit for each place
};

/// The telling side.
class board_ringer {
public:
    /// `event` is what a waiter watches that sleeps on descriptors. Both outlive this.
    board_ringer(memory::ready_board& board, const os::descriptor& event) noexcept
        : board_{&board}, event_{&event} {}

    /// Marks, and wakes who sleeps there. What is no mark of a board (mark_word) is nobody's.
    void tell(std::uint32_t mark) const;

private:
    memory::ready_board* board_;
    const os::descriptor* event_;
};

/// The waiting side: the marks of one who waits for many.
class ready_place {
public:
    /// None: all places of this process are taken.
    static std::optional<ready_place> try_take();

    ready_place(ready_place&& other) noexcept = default;
    ready_place& operator=(ready_place&&) = delete;
    ~ready_place();

    /// What to arm a bell with for this mark.
    std::uint32_t word_of(std::uint32_t mark) const noexcept {
        return memory::mark_word::of(number_, mark);
    }

    /// The members below throw `error` (forked) in a child.
    /// Whether there may be a mark.
    bool any() const { return memory::any_mark(words()); }

    /// Takes the marks there are, and calls `found` with each.
    template <class Found>
    void take(Found&& found) {
        memory::take_marks(words(), found);
    }

    /// To sleep until the next mark. After arming, look at any() before the sleep.
    bell_sleeper bell() const { return {words().bell, fence_mode::always}; }

private:
    ready_place(std::shared_ptr<ready_board> board, std::uint32_t number) noexcept
        : board_{std::move(board)}, number_{number} {}

    memory::ready_place& words() const;

    std::shared_ptr<ready_board> board_;  ///< null: moved from
    std::uint32_t number_;
};

}  // namespace signet::life
