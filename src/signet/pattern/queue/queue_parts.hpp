// SPDX-License-Identifier: Apache-2.0
// What a queue_core is made of, and the steps that its parts share. For queue_core's own sources.
//
// Thread safety: `pushing` guards the lanes, `popping` the readers; where both are taken, popping
// comes first. The rest is constant, or in shared words.
#pragma once

#include <signet/life/short_lock.hpp>
#include <signet/life/waiting.hpp>
#include <signet/memory/queue_lane.hpp>
#include <signet/memory/queue_moving.hpp>
#include <signet/memory/queue_reader.hpp>
#include <signet/memory/queue_recovery.hpp>
#include <signet/memory/queue_touched.hpp>
#include <signet/pattern/queue/queue_core.hpp>
#include <signet/pattern/queue/queue_file.hpp>
#include <signet/pattern/queue/queue_ids.hpp>
#include <signet/pattern/queue/queue_ready.hpp>

#include <atomic>
#include <climits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace signet::pattern {

/// For who waits and gives its processor away between two looks: that helps where those it waits
/// for share it, so it does so on one, too.
inline life::spinner giving_way() {
    life::spinner made{life::wait_mode::eager};
    made.share(2);
    return made;
}

class queue_core::parts {
public:
    parts(opened_queue opened, queue_place where);
    ~parts();
    parts(const parts&) = delete;
    parts& operator=(const parts&) = delete;

    void check_process() const { region->check_process(); }

    memory::queue_lane& lane(std::uint32_t priority) {
        return lanes[priority == memory::dead_priority ? lanes.size() - 1 : priority];
    }

    /// What a record says that is pushed on these terms. Throws contract_violation.
    memory::record_facts facts_of(const queue_terms& terms) const;
    void check_size(std::uint64_t bytes) const;

    /// What a record becomes that was written: ready, unless something is to come first.
    memory::record_state published_as(std::uint64_t due_ns) const;
    memory::record_state acknowledged_as() const;

    /// Throws `error` (peer_died): it is a mailbox, and its reader is gone.
    void check_reader() const {
        if (shape.readers == queue_readers::one) check_mailbox();
    }
    void check_mailbox() const;
    void require_reader() const;

    /// Finds whether a mailbox is ours to read, and refuses one that is not as `wanted` or whose
    /// reader is gone. Throws `error`.
    void take_mailbox(const queue_shape& wanted);
    /// Its name goes with its reader.
    void leave_mailbox() noexcept;

    /// What came of comparing an id, if there is one: no value where it is to be pushed.
    std::optional<push_outcome> outcome_of(const queue_ids::claim& claim);

    /// P1 to P4. False: no room. Under `pushing`.
    bool put(memory::queue_lane& into, std::span<const std::byte> payload,
             const memory::record_facts& facts, memory::record_state as);
    bool put(memory::queue_lane& into, std::span<const std::byte> payload,
             const memory::record_facts& facts) {
        return put(into, payload, facts, published_as(facts.due_ns));
    }

    /// P1, and where the queue is full what is delayed is moved together. Under `pushing`.
    std::optional<memory::reserved_record> reserve(memory::queue_lane& in, std::uint64_t bytes,
                                                   const memory::record_facts& facts);

    /// V1 to V5: whether that made room. Under `pushing`.
    bool move_delayed();
    bool move_in_turn() {
        const std::lock_guard turn{pushing};
        return move_delayed();
    }

    /// The same under `pushing`, at the priority it says.
    bool put_in_turn(std::span<const std::byte> payload, const memory::record_facts& facts);

    /// The same for what has an id that is pending until then, or withdrawn.
    bool put_fresh(std::span<const std::byte> payload, const memory::record_facts& facts,
                   const queue_ids::claim& id);

    /// P5 and G3: wakes one who sleeps for a message, or for room.
    void ring_work() noexcept { ring(words.header().work, 1); }
    void ring_room() noexcept { ring(words.header().room, 1); }
    /// Where there may be several messages, or rooms, or not just anybody can go on.
    void ring_all_work() noexcept { ring(words.header().work, INT_MAX); }
    void ring_all_room() noexcept { ring(words.header().room, INT_MAX); }
    /// A loan was published or dropped: wakes one, or all where more is behind it.
    void ring_behind(const memory::record_place& of) noexcept;

    /// Makes ready what is taken by a stamp of nobody: the word is damaged.
    void take_back_orphans();

    /// Ready again, at once or at `due_ns`. Throws `error` (damaged): it was not ours.
    void put_back(const memory::record_place& of, std::uint64_t due_ns);

    /// A1, A2. Throws `error` (damaged): it was not ours.
    void finish(const memory::record_place& of);

    /// Finishes all messages, or dead letters, that nobody has; how many.
    std::uint64_t purge(bool dead);

    bool commit(queue_core& of, const sync::patience& limit = {}) {
        return !committer || committer->commit(of, limit);
    }

    /// Where it is durable: there may be something that was finished, and has to be committed
    /// before its room is free.
    void tell_finished(queue_core& of) {
        if (committer) committer->finished(of);
    }

    /// Nothing may be popped: the descriptor, if any, is to say so.
    void tell_of_nothing();

    [[noreturn]] void complain_of_damage(const char* operation) const;

    std::shared_ptr<sync::region_core> region;
    queue_place place;
    const std::string& name = place.name;
    memory::queue_words words;
    queue_shape shape;
    memory::stamp self;
    queue_ids ids;
    memory::queue_peers peers;
    std::shared_ptr<queue_committer> committer{};

    life::short_lock pushing{};
    std::vector<memory::queue_lane> lanes{};  ///< by priority; the last: dead letters
    life::spinner spins_for_room = giving_way();
    life::short_lock popping{};
    memory::queue_reader reader;
    memory::queue_reader dead_reader;
    memory::unsettled_reader settling;  ///< of who commits
    life::spinner spins_for_work = giving_way();
    bool reads_mailbox = false;

    std::mutex readying{};
    std::atomic<queue_ready*> telling{nullptr};  ///< `ready`, once it is there
    std::unique_ptr<queue_ready> ready{};        ///< the last: its thread uses all above

private:
    void ring(memory::queue_bell& bell, int count_max) noexcept;
};

/// The clock of due times.
std::uint64_t queue_now() noexcept;

}  // namespace signet::pattern
