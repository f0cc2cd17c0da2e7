// SPDX-License-Identifier: Apache-2.0
// A queue as this process has it: its file, its seat, its lanes and its place in those of the
// others. Untyped: payloads are bytes. docs/design/queues.md has the protocol.
//
// Thread safety: any thread. Pushing is one lock of the process, popping another; acknowledging
// takes none. Whoever wants more opens the queue twice. After fork the child's refuses to work
// (`error`, forked). Failures: `error` where the queue is damaged, or its log cannot be written;
// `contract_violation` where an argument is out of what the queue allows.
#pragma once

#include <signet/pattern/queue/queue_terms.hpp>
#include <signet/sync/sleeper.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet::pattern {

class queue_core;

/// A message that was taken. Whoever has it says what becomes of it, once: `acknowledge`,
/// `give_back` or `dead_letter`, each of which takes it by move. One that is dropped stays taken
/// until the queue is closed, and then goes back; what a face makes of that is its affair. All
/// views are valid as long as it is held, and the queue open. A value for one thread at a time.
class held_message {
public:
    held_message() noexcept = default;
    held_message(held_message&& other) noexcept
        : record_{other.record_}, held_{std::exchange(other.held_, false)} {}
    held_message& operator=(held_message&& other) noexcept {
        record_ = other.record_;
        held_ = std::exchange(other.held_, false);
        return *this;
    }

    /// In the queue's own memory.
    std::span<const std::byte> payload() const noexcept { return record_.payload; }
    std::uint32_t priority() const noexcept { return record_.facts.priority; }
    /// Counted with this one; 255: that or more.
    std::uint32_t deliveries() const noexcept { return record_.facts.deliveries; }
    clock::time_point pushed() const noexcept { return at(record_.facts.pushed_ns); }
    /// `never` where it does not expire.
    clock::time_point expires() const noexcept {
        return record_.facts.expires_ns == 0 ? never : at(record_.facts.expires_ns);
    }
    const std::optional<message_id>& id() const noexcept { return record_.facts.id; }
    std::string_view reply_to() const noexcept { return record_.facts.reply_to; }

    /// Whether it is still to be decided.
    explicit operator bool() const noexcept { return held_; }

private:
    friend class queue_core;
    static clock::time_point at(std::uint64_t ns) noexcept {
        return clock::time_point{std::chrono::nanoseconds{static_cast<std::int64_t>(ns)}};
    }

    memory::taken_record record_;
    bool held_ = false;
};

/// Memory of the queue in which the next message is written: in its order from now on, so what is
/// pushed behind it at the same priority through the same handle waits for it. Given back by
/// `push` or `drop`, each of which takes it by move. A value for one thread at a time.
class draft {
public:
    draft() noexcept = default;
    draft(draft&& other) noexcept
        : place_{other.place_},
          payload_{other.payload_},
          open_{std::exchange(other.open_, false)} {}
    draft& operator=(draft&& other) noexcept {
        place_ = other.place_;
        payload_ = other.payload_;
        open_ = std::exchange(other.open_, false);
        return *this;
    }

    /// To be written; what it holds at first is undefined.
    std::span<std::byte> payload() const noexcept { return payload_; }
    explicit operator bool() const noexcept { return open_; }

private:
    friend class queue_core;
    draft(const memory::record_place& place, std::span<std::byte> payload) noexcept
        : place_{place}, payload_{payload}, open_{true} {}

    memory::record_place place_;
    std::span<std::byte> payload_;
    bool open_ = false;
};

/// Who brings to the disk what was pushed to a durable queue and what was finished. May be called
/// by any thread; the core holds no lock meanwhile.
class queue_committer {
public:
    virtual ~queue_committer() = default;

    /// Returns when all that was staged before is safe, and ready; false: not in time, as somebody
    /// else who is at it does not get on. Throws `error`: it cannot be written, and nothing of it
    /// is acknowledged.
    virtual bool commit(queue_core& queue, const sync::patience& limit) = 0;

    /// A message was finished, and is done with the next commit; or somebody needs room, which what
    /// is finished still has.
    virtual void finished(queue_core&) {}
};

class queue_core {
public:
    class parts;

    /// Opens the queue there, or creates it. Throws `error`: another type (incompatible_type), less
    /// durable than `shape.least` (unsupported), damaged, of another version
    /// (incompatible_version), no room in the file system, all seats taken (limit_reached), a
    /// mailbox of somebody else; a shape that cannot be (bad_option).
    static std::shared_ptr<queue_core> open_or_create(const queue_place& where,
                                                      const queue_shape& shape);
    /// Throws where there is one.
    static std::shared_ptr<queue_core> create(const queue_place& where, const queue_shape& shape);
    /// Throws where there is none.
    static std::shared_ptr<queue_core> open(const queue_place& where, const queue_shape& shape);

    /// Removes the name. Who has it open goes on. False where there is none.
    static bool remove(const queue_place& where);

    /// What the durable half plugs in, before the first push: from then on pushes are staged, and
    /// return when they are committed.
    void commit_by(std::shared_ptr<queue_committer> committer);

    ~queue_core();
    queue_core(const queue_core&) = delete;
    queue_core& operator=(const queue_core&) = delete;

    const std::string& name() const noexcept;
    /// As the queue was made; `least` is what it has.
    const queue_shape& shape() const noexcept;

    // Pushing.

    /// Full: there is no room, or somebody else is pushing a message of that id just now. Throws
    /// `contract_violation`: a priority the queue does not have, a negative time, a reply-to that
    /// is too long; `error`: over `message_bytes_max` (too_large), a mailbox whose reader is gone
    /// (peer_died).
    push_outcome try_push(std::span<const std::byte> payload, const queue_terms& terms = {},
                          const sync::patience& limit = {});

    /// No value where the queue is full. An id is compared by `push`.
    std::optional<draft> try_loan(std::uint64_t bytes, const queue_terms& terms = {});
    /// Accepted or duplicate; full where somebody else is pushing a message of that id just now,
    /// and then it is still the caller's.
    push_outcome push(draft&& written);
    void drop(draft&& unwanted) noexcept;

    // Popping.

    /// What may be popped first; no value where there is nothing. In a mailbox of somebody else: a
    /// contract_violation.
    std::optional<held_message> try_pop();

    /// It is done. Throws `error` (damaged): it was not ours any more.
    void acknowledge(held_message&& message);
    /// Somebody gets it again, at once or after a while.
    void give_back(held_message&& message, std::chrono::nanoseconds delay = {});
    /// It becomes a dead letter, with a text of up to 200 bytes. Where there is no room for that it
    /// is given back, for a while.
    void dead_letter(held_message&& message, std::string_view why);

    // Waiting: also by a death, a stop, or the earliest due message that was seen.

    wait_outcome wait_for_message(const sync::patience& limit);
    /// Until a message of so many bytes may be pushed on these terms.
    wait_outcome wait_for_room(std::uint64_t bytes, const queue_terms& terms,
                               const sync::patience& limit);

    /// Readable while something may be popped; `try_pop` that finds nothing makes it unreadable.
    /// Takes a thread with the first call. Valid as long as this.
    int fd();

    // Tending.

    /// Copies of the first messages, of all states, in about the order in which they would come.
    std::vector<peeked_message> peek(std::size_t count_max);
    std::vector<peeked_message> peek_dead_letters(std::size_t count_max);

    /// Pushes dead letters once more, at their former priority; how many.
    std::uint64_t redrive(std::uint64_t count_max);

    /// Finishes all that nobody has; how many. The dead letters stay, or are all that goes.
    std::uint64_t purge();
    std::uint64_t purge_dead_letters();

    queue_account account() const;

    // For who makes it durable.

    /// What became staged, in the order of its lane, or finished since anybody's last call, or
    /// `all` that is. Views are valid until it is settled. One thread at a time, of all processes.
    struct unsettled {
        memory::queue_record record;
        bool finished;
    };
    void for_each_unsettled(bool all, const std::function<void(const unsettled&)>& look);
    /// Whether there may be such a record: exact once `find_unsettled` has looked at all.
    bool may_be_unsettled() const noexcept;
    void find_unsettled();
    /// Staged: ready. Finished: done. Nothing where it is neither any more. Wakes nobody.
    void settle(const memory::record_place& place) noexcept;
    /// Wakes who waits for what was settled.
    void ring_settled() noexcept;
    /// Pushes what was pushed before the machine stopped, ready, under its identity and with its
    /// deliveries at 0. False: there is no room.
    bool restore(const memory::record_facts& facts, std::span<const std::byte> payload);
    /// The number of the next page, of which identities are made; and no page will have a lower
    /// one.
    std::uint64_t tickets() const noexcept;
    void skip_tickets(std::uint64_t least) noexcept;

private:
    explicit queue_core(std::unique_ptr<parts> made) noexcept;
    bool is_delivered(const memory::taken_record& record, bool sound);
    bool redrive_one();
    bool finish_expired();
    void bury(const memory::taken_record& record, memory::dead_reason reason,
              std::string_view text);

    std::unique_ptr<parts> parts_;
};

}  // namespace signet::pattern
