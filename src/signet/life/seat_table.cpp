// SPDX-License-Identifier: Apache-2.0
#include <signet/life/seat_table.hpp>

#include <signet/base/error.hpp>
#include <signet/os/process.hpp>
#include <signet/os/random.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace signet::life {
namespace {

using memory::seat_entry;
using memory::seat_generation;
using memory::seat_state;
using memory::seat_word;
using memory::stamp;

constexpr std::uint32_t state_mask = 3;

seat_state state_of(std::uint32_t word) {
    return static_cast<seat_state>(word & state_mask);
}

os::byte_range byte_of(std::uint32_t seat) {
    return {seat, 1};
}

os::byte_range turn_of(std::uint32_t seat) {
    return {memory::seats_limit + seat, 1};
}

// A small number in a damaged word would look like the stamp of a fresh seat.
std::uint32_t next_generation(std::uint32_t generation) {
    constexpr std::uint32_t smallest = 1u << 16;
    const std::uint32_t next = (generation + 1) & stamp::generation_max;
    return next < smallest ? smallest + static_cast<std::uint32_t>(os::random_u64() >> 49) : next;
}

}  // namespace

void seat_table::claim(const take_back& recover, const std::function<void(seat_entry&)>& settle) {
    const auto count = static_cast<std::uint32_t>(seats_.size());
    for (std::uint32_t seat = 0; seat < count; ++seat) {
        sweep_seat(seat, recover);
        if (looks_free(seat) && take_seat(seat, settle)) return;
    }
    throw error{errc::limit_reached, "take a seat in region", file_->path(),
                "all " + std::to_string(count) +
                    " seats are taken, one for each process that has it open; create it with more"};
}

bool seat_table::looks_free(std::uint32_t seat) const {
    // relaxed: T2 looks again
    return state_of(seats_[seat].word.load(std::memory_order_relaxed)) == seat_state::free;
}

bool seat_table::take_seat(std::uint32_t seat, const std::function<void(seat_entry&)>& settle) {
    const auto turn = os::range_lock::try_take(*file_, os::lock_kind::exclusive, turn_of(seat));
    if (!turn) return false;                                                 // T1
    std::uint32_t word = seats_[seat].word.load(std::memory_order_acquire);  // T2. SYNC seat
    if (state_of(word) != seat_state::free) return false;
    byte_ = os::range_lock::try_take(*file_, os::lock_kind::exclusive, byte_of(seat));  // T3
    if (!byte_) return false;
    describe_self(seats_[seat]);
    settle(seats_[seat]);
    const std::uint32_t known = seat_generation(word);
    self_ = stamp{seat, known == 0 ? next_generation(0) : known};
    const std::uint32_t active = seat_word(self_.generation(), seat_state::active);
    // T5. Nobody else changes the word of a free seat in whose turn we are, unless the region is
    // damaged. SYNC seat
    if (seats_[seat].word.compare_exchange(word, active, std::memory_order_acq_rel)) return true;
    self_ = {};
    return false;
}

void seat_table::describe_self(seat_entry& seat) const {
    const int pid = os::current_pid();
    std::uint64_t command[2]{};
    const std::string name = os::command_name(pid);
    std::memcpy(command, name.data(), std::min(name.size(), sizeof command));
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    // relaxed, all: published with the seat's word
    seat.heart.store(0, std::memory_order_relaxed);
    seat.pid.store(static_cast<std::uint32_t>(pid), std::memory_order_relaxed);
    seat.uid.store(os::current_uid(), std::memory_order_relaxed);
    seat.since.store(static_cast<std::uint64_t>(std::chrono::nanoseconds{now}.count()),
                     std::memory_order_relaxed);
    seat.command[0].store(command[0], std::memory_order_relaxed);
    seat.command[1].store(command[1], std::memory_order_relaxed);
}

bool seat_table::byte_is_free(std::uint32_t seat) const {
    return os::is_lockable(*file_, os::lock_kind::shared, byte_of(seat));
}

bool seat_table::dead(stamp owner) const {
    if (owner == self_) return false;
    // The caller found the stamp somewhere: D1 must not come before that look, or the seat may
    // still look free where its owner has just come.
    memory::fence(std::memory_order_acquire);  // SYNC stamp
    const std::uint32_t seat = owner.seat();
    if (seat >= seats_.size()) return true;  // a damaged word: there is no such owner
    const std::uint32_t active = seat_word(owner.generation(), seat_state::active);
    std::uint32_t word = seats_[seat].word.load(std::memory_order_acquire);  // D1. SYNC seat
    if (word != active) return true;
    if (!byte_is_free(seat)) return false;  // D2
    seats_[seat].word.compare_exchange(word, seat_word(owner.generation(), seat_state::dead),
                                       std::memory_order_acq_rel);  // D3. SYNC seat
    return true;
}

void seat_table::sweep(stamp owner, const take_back& recover) const {
    if (owner.seat() >= seats_.size() || !dead(owner)) return;  // W1
    recover(owner);                                             // W2, W3
    free_seat(owner);
}

// W4. Whoever comes first; the generation keeps it from freeing the next one's seat.
void seat_table::free_seat(stamp owner) const {
    std::uint32_t word = seat_word(owner.generation(), seat_state::dead);
    seats_[owner.seat()].word.compare_exchange(
        word, seat_word(next_generation(owner.generation()), seat_state::free),
        std::memory_order_acq_rel);  // SYNC seat
}

void seat_table::sweep_seat(std::uint32_t seat, const take_back& recover) const {
    std::uint32_t word = seats_[seat].word.load(std::memory_order_acquire);  // SYNC seat
    const stamp owner{seat, seat_generation(word)};
    if (state_of(word) == seat_state::free || !dead(owner)) return;
    // Dead by now, unless it was damaged and is no word of a seat: then W4 would not know it.
    seats_[seat].word.compare_exchange(word, seat_word(owner.generation(), seat_state::dead),
                                       std::memory_order_acq_rel);  // SYNC seat
    sweep(owner, recover);
}

void seat_table::sweep_all(const take_back& recover) const {
    for (std::uint32_t seat = 0; seat < seats_.size(); ++seat) sweep_seat(seat, recover);
}

// A death up to `unsettle` is told to the others, and after it nothing is ours. The byte goes
// before the word says so: a seat that looks free can be taken.
void seat_table::leave(const take_back& recover, const std::function<void()>& unsettle) {
    recover(self_);
    unsettle();
    byte_.reset();
    std::uint32_t word = seat_word(self_.generation(), seat_state::active);
    own_entry().word.compare_exchange(word, seat_word(self_.generation(), seat_state::dead),
                                      std::memory_order_acq_rel);  // SYNC seat
    free_seat(self_);
}

seat_holder seat_table::holder(stamp owner) const {
    seat_holder found;
    if (owner.seat() >= seats_.size()) return found;
    const seat_entry& seat = seats_[owner.seat()];
    // relaxed, all but the last: what is torn by a newcomer is thrown away when the word has
    // changed
    found.pid = static_cast<int>(seat.pid.load(std::memory_order_relaxed));
    found.uid = seat.uid.load(std::memory_order_relaxed);
    found.since_ns = seat.since.load(std::memory_order_relaxed);
    const std::uint64_t command[2]{seat.command[0].load(std::memory_order_relaxed),
                                   seat.command[1].load(std::memory_order_relaxed)};
    const std::uint32_t word = seat.word.load(std::memory_order_acquire);  // SYNC seat
    if (state_of(word) == seat_state::free || seat_generation(word) != owner.generation())
        return {};
    const char* const text = reinterpret_cast<const char*>(command);
    found.command.assign(text, std::find(text, text + sizeof command, '\0'));
    found.owner = owner;
    found.alive = owner == self_ || !dead(owner);
    return found;
}

std::vector<seat_holder> seat_table::holders() const {
    std::vector<seat_holder> all;
    for (std::uint32_t seat = 0; seat < seats_.size(); ++seat) {
        // relaxed: holder() looks again
        const std::uint32_t word = seats_[seat].word.load(std::memory_order_relaxed);
        seat_holder found = holder(stamp{seat, seat_generation(word)});
        if (!found.owner.nobody()) all.push_back(std::move(found));
    }
    return all;
}

}  // namespace signet::life
