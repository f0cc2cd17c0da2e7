// SPDX-License-Identifier: Apache-2.0
// The seats of a region: a place for each process that has it open, held by a lock of the kernel on
// one byte of the file, so that anybody can prove an owner dead. The protocol, and what a death at
// each step leaves: docs/design/regions.md; T1..T5, D1..D3, W1..W4 are the steps there.
//
// Thread safety: any thread may call any member, but for `leave`, which is for the last user.
// Invariants:
//   1. A seat's word becomes active only by who holds the lock on its byte.
//   2. A stamp is made once: a seat's generation goes up before it is free again.
//   3. Nobody who is dead owns a word when its seat is free again.
#pragma once

#include <signet/memory/region_layout.hpp>
#include <signet/os/file.hpp>
#include <signet/os/file_lock.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace signet::life {

/// Takes back what a dead owner owned, wherever it stands, and wakes all that sleep: W2 and W3.
/// Called by several at once for the same owner, and again where one of them died.
using take_back = std::function<void(memory::stamp dead)>;

/// Who sits somewhere, for people: what its owner said of itself.
struct seat_holder {
    memory::stamp owner;
    int pid = 0;  ///< in its own pid namespace
    unsigned uid = 0;
    std::string command;
    std::uint64_t since_ns = 0;  ///< of CLOCK_REALTIME
    bool alive = false;
};

class seat_table {
public:
    /// The seats of the region that `of` is and `words` maps; both outlive this.
    seat_table(const os::file& of, memory::region_header& header,
               std::span<memory::seat_entry> seats) noexcept
        : file_{&of}, header_{&header}, seats_{seats} {}

    seat_table(const seat_table&) = delete;
    seat_table& operator=(const seat_table&) = delete;

    /// Takes a seat. Seats of the dead are swept meanwhile. `settle` is called when a seat is ours
    /// but nobody knows yet. Throws `error` (limit_reached) where all are taken by the living.
    void claim(const take_back& recover, const std::function<void(memory::seat_entry&)>& settle);

    /// Gives the seat up in good order; what it still owns is treated as if it had died. `unsettle`
    /// is called when nothing is left to be taken back, and the seat is still ours.
    void leave(const take_back& recover, const std::function<void()>& unsettle);

    /// Our own stamp.
    memory::stamp self() const noexcept { return self_; }
    memory::seat_entry& own_entry() const noexcept { return seats_[self_.seat()]; }

    /// Whether that owner is gone, for certain and for good. One that is stopped is not.
    bool dead(memory::stamp owner) const;

    /// Takes back what a dead one owned, and frees its seat. Does nothing for the living.
    void sweep(memory::stamp owner, const take_back& recover) const;

    /// Sweeps that seat where its owner is gone, whoever it was.
    void sweep_seat(std::uint32_t seat, const take_back& recover) const;

    /// Sweeps every seat whose owner is gone.
    void sweep_all(const take_back& recover) const;

    /// Everybody who sits, and the dead who were not swept yet.
    std::vector<seat_holder> holders() const;

    /// Who that is; a stamp of nobody where somebody else sits there by now.
    seat_holder holder(memory::stamp owner) const;

    std::span<memory::seat_entry> seats() const noexcept { return seats_; }
    memory::region_header& header() const noexcept { return *header_; }

private:
    bool looks_free(std::uint32_t seat) const;
    bool take_seat(std::uint32_t seat, const std::function<void(memory::seat_entry&)>& settle);
    void describe_self(memory::seat_entry& seat) const;
    bool byte_is_free(std::uint32_t seat) const;
    void free_seat(memory::stamp owner) const;

    const os::file* file_;
    memory::region_header* header_;
    std::span<memory::seat_entry> seats_;
    std::optional<os::range_lock> byte_;
    memory::stamp self_;
};

}  // namespace signet::life
