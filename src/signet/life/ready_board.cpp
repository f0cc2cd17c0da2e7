// SPDX-License-Identifier: Apache-2.0
#include <signet/life/ready_board.hpp>

#include <signet/base/error.hpp>
#include <signet/os/memfd.hpp>

#include <bit>
#include <mutex>
#include <utility>

namespace signet::life {
namespace {

constexpr os::seals group_seals = os::seals::shrink | os::seals::grow | os::seals::seal;

}  // namespace

ready_board::ready_board()
    : file_{os::create_memfd("signet-board", sizeof(memory::ready_board))},
      bytes_{os::mapping::read_write(file_, sizeof(memory::ready_board))} {
    bytes_.keep_private_to_process();
    os::add_seals(file_, group_seals);
    os::allocate(file_, 0, sizeof(memory::ready_board));
}

std::shared_ptr<ready_board> ready_board::of_this_process() {
    static std::mutex guard;
    static std::shared_ptr<ready_board> instance;
    const std::lock_guard locked{guard};
    if (!instance || !instance->here_.still()) instance.reset(new ready_board);
    return instance;
}

void board_ringer::tell(std::uint32_t mark) const {
    if (!memory::mark_word::sound(mark)) return;
    memory::ready_place& place = board_->places[memory::mark_word::place(mark)];
    memory::set_mark(place, memory::mark_word::mark(mark));
    // R3. Others ring there too: one that is stopped must not keep them from it.
    bell_ringer{place.bell, event_, fence_mode::always, clearing::by_sleeper}.notify();
}

std::optional<ready_place> ready_place::try_take() {
    auto board = ready_board::of_this_process();
    // relaxed: an earlier owner's marks, where they are seen, cost a look
    std::uint32_t taken = board->taken_.load(std::memory_order_relaxed);
    while (~taken != 0) {
        const auto number = static_cast<std::uint32_t>(std::countr_one(taken));
        const std::uint32_t ours = taken | 1u << number;
        // relaxed: as above
        if (board->taken_.compare_exchange_weak(taken, ours, std::memory_order_relaxed)) {
            ready_place place{std::move(board), number};
            place.take([](std::uint32_t) {});
            return place;
        }
    }
    return std::nullopt;
}

ready_place::~ready_place() {
    if (!board_ || !board_->here_.still()) return;
    bell().disarm();
    board_->taken_.fetch_and(~(1u << number_), std::memory_order_relaxed);  // relaxed: as above
}

memory::ready_place& ready_place::words() const {
    if (board_->here_.still()) return board_->words().places[number_];
    throw error{errc::forked,
                "wait for many",
                {},
                "the wait was made before fork() in the parent; make a new one in this process"};
}

}  // namespace signet::life
