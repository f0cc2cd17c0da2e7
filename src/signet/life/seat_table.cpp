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
        byte_ = os::range_lock::try_take(*file_, os::lock_kind::exclusive, byte_of(seat));  // T1
        if (!byte_) continue;
        std::uint32_t word = take_over(seat, recover);
        if (state_of(word) != seat_state::free) continue;  // somebody else is about to free it
        describe_self(seats_[seat]);                       // T3
        settle(seats_[seat]);
        const std::uint32_t known = seat_generation(word);
        self_ = stamp{seat, known == 0 ? next_generation(0) : known};
        const std::uint32_t active = seat_word(self_.generation(), seat_state::active);
        // T4. Nobody else changes the word of a seat that is free and whose byte is locked, unless
        // the region is damaged. SYNC seat
        if (seats_[seat].word.compare_exchange(word, active, std::memory_order_acq_rel)) return;
        self_ = {};
    }
    throw error{errc::limit_reached, "take a seat in region", file_->path(),
                "all " + std::to_string(count) +
                    " seats are taken, one for each process that has it open; create it with more"};
}

// T2. The word of a seat whose byte is ours: what its dead owner left is taken back first.
std::uint32_t seat_table::take_over(std::uint32_t seat, const take_back& recover) const {
    seat_entry& entry = seats_[seat];
    std::uint32_t word = entry.word.load(std::memory_order_acquire);  // SYNC seat
    if (state_of(word) == seat_state::free) return word;
    const stamp owner{seat, seat_generation(word)};
    entry.word.compare_exchange(word, seat_word(owner.generation(), seat_state::dead),
                                std::memory_order_acq_rel);  // D3. SYNC seat
    recover(owner);                                          // W2, W3
    free_seat(owner);
    return entry.word.load(std::memory_order_acquire);  // SYNC seat
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

int seat_table::sweep_all(const take_back& recover) const {
    int swept = 0;
    for (std::uint32_t seat = 0; seat < seats_.size(); ++seat) {
        const std::uint32_t word = seats_[seat].word.load(std::memory_order_acquire);  // SYNC seat
        const stamp owner{seat, seat_generation(word)};
        if (state_of(word) == seat_state::free || !dead(owner)) continue;
        sweep(owner, recover);
        ++swept;
    }
    return swept;
}

void seat_table::leave(const take_back& recover) {
    if (!byte_) return;
    seat_entry& entry = own_entry();
    std::uint32_t word = seat_word(self_.generation(), seat_state::active);
    entry.word.compare_exchange(word, seat_word(self_.generation(), seat_state::dead),
                                std::memory_order_acq_rel);  // SYNC seat
    recover(self_);
    free_seat(self_);
    byte_.reset();
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
