// SPDX-License-Identifier: Apache-2.0
#include <signet/life/bell.hpp>

#include <signet/life/ready_board.hpp>
#include <signet/os/membarrier.hpp>

#include <climits>

namespace signet::life {
namespace {

// How many notifications in a row find nobody before the ringer stops fencing: the barrier that the
// next sleeper then makes costs about as much as a hundred fences.
constexpr std::uint32_t quiet_max = 1024;

constexpr std::uint32_t generation_of(std::uint32_t word) {
    return (word & ~bell_on_board) / bell_generation;
}

}  // namespace

fence_mode fencing_of_this_process() {
    return os::membarrier_supported() && os::register_for_membarrier() ? fence_mode::on_demand
                                                                       : fence_mode::always;
}

fence_mode usual_fencing() {
    static const fence_mode mode = fencing_of_this_process();
    return mode;
}

void always_fence(memory::bell_words& words) {
    words.word.fetch_or(bell_fencing | bell_sticky, std::memory_order_seq_cst);  // SYNC bell
}

void bell_ringer::notify_slowly() {
    memory::fence(std::memory_order_seq_cst);  // N2, SYNC bell
    // relaxed: ordered by the fence
    const std::uint32_t word = words_->word.load(std::memory_order_relaxed);
    if ((word & bell_marks) != 0) {
        quiet_ = 0;
        ring();
    } else if (++quiet_ >= quiet_max) {
        stop_fencing();
    }
}

std::uint32_t bell_ringer::take_mark() {
    if (clears_ == clearing::by_ringer) {
        return words_->word.fetch_and(~bell_marks, std::memory_order_seq_cst);  // N3, SYNC bell
    }
    return words_->word.load(std::memory_order_relaxed);  // relaxed: fenced by whoever calls
}

void bell_ringer::ring() {
    const std::uint32_t word = take_mark();
    words_->epoch.fetch_add(1, std::memory_order_release);  // SYNC epoch
    if ((word & bell_armed_fd) != 0 && event_ != nullptr) os::signal_event(*event_);
    if ((word & bell_armed) != 0) os::futex_wake(*words_->epoch.address(), INT_MAX);
    if ((word & bell_on_board) == 0 || board_ == nullptr) return;
    board_->tell(words_->told_at.load(std::memory_order_relaxed));  // relaxed: behind take_mark()
}

void bell_ringer::stop_fencing() {
    quiet_ = 0;
    // relaxed: only a guess at the value that the exchange below compares with
    std::uint32_t word = words_->word.load(std::memory_order_relaxed);
    if ((word & bell_marks) != 0) return ring();
    if ((word & bell_sticky) != 0) return;
    const std::uint32_t quiet = ((word & ~bell_fencing) + bell_generation) & ~bell_on_board;
    if (!words_->word.compare_exchange(word, quiet, std::memory_order_seq_cst))
        ring();  // N4, SYNC bell
}

os::futex_waiter bell_sleeper::arm() {
    const std::uint32_t epoch = words_->epoch.load(std::memory_order_acquire);  // S1, SYNC epoch
    arm_with(bell_armed);
    return {words_->epoch.address(), epoch, false};
}

void bell_sleeper::arm_event() {
    arm_with(bell_armed_fd);
}

void bell_sleeper::arm_on_board(std::uint32_t mark) {
    words_->told_at.store(mark, std::memory_order_relaxed);  // relaxed: published by S2
    arm_with(bell_on_board);
}

void bell_sleeper::arm_with(std::uint32_t bit) {
    const std::uint32_t word =
        words_->word.fetch_or(bit | bell_fencing, std::memory_order_seq_cst);  // S2, SYNC bell
    const bool confirmed = (word & bell_fencing) != 0 && confirmed_ == generation_of(word);
    if (mode_ == fence_mode::on_demand && !confirmed) {
        os::membarrier_all_processes();  // S3
        confirmed_ = generation_of(word);
    }
    // The exchange above is no full fence: on some processors the second look could run before it.
    memory::fence(std::memory_order_seq_cst);  // SYNC bell
}

void bell_sleeper::nudge() {
    words_->epoch.fetch_add(1, std::memory_order_release);  // SYNC epoch
    os::futex_wake(*words_->epoch.address(), INT_MAX);
}

void bell_sleeper::disarm() {
    // relaxed: the next arm() and look are ordered by their own fence
    words_->word.fetch_and(~(bell_armed | bell_armed_fd), std::memory_order_relaxed);
}

}  // namespace signet::life
