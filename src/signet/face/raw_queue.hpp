// SPDX-License-Identifier: Apache-2.0
// Queues without a C++ type: messages are bytes, and the queue may say by a type descriptor what
// they are. `queue<T>` (queue.hpp) is this with messages of its own; rules of use stand there.
#pragma once

#include <signet/base/error.hpp>
#include <signet/base/time.hpp>
#include <signet/pattern/queue/queue_core.hpp>
#include <signet/pattern/queue/queue_file.hpp>
#include <signet/transport/waitable.hpp>
#include <signet/wire/descriptor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signet {

using pattern::dead_reason;
using pattern::durability;
using pattern::expired_messages;
using pattern::message_holder;
using pattern::message_id;
using pattern::peeked_message;
using pattern::push_outcome;
using pattern::queue_account;

/// Of one push: `{.priority = 1, .delay = 5s, .expires = 1h, .id = ..., .reply_to = ...}`.
using push_terms = pattern::queue_terms;

/// A text of up to 16 bytes is itself an id; of a longer one it is a hash of 128 bits.
message_id message_id_of(std::string_view text) noexcept;

/// What becomes of a message that goes out of scope undecided.
enum class ack_mode {
    by_hand,  ///< it goes back
    on_drop,  ///< it is acknowledged; but it goes back where an exception is on its way
};

/// What is not given is as the queue has it, and for a new one what stands beside it. Who opens a
/// queue and asks for something else than it has is told (`error`, bad_option), but for `bytes`.
struct queue_options {
    std::optional<std::uint64_t> bytes{};                 ///< for messages, about: 16 MiB
    std::optional<std::uint64_t> message_bytes_max{};     ///< 64 KiB
    std::optional<std::uint32_t> priorities{};            ///< up to 14: 1
    std::optional<std::uint32_t> deliveries_max{};        ///< then a dead letter; 0: no limit
    std::optional<std::chrono::nanoseconds> id_window{};  ///< how long ids are compared: not at all
    std::optional<expired_messages> expired{};            ///< dropped
    std::optional<std::uint32_t> seats{};                 ///< how often open at once, up to 510: 64
    durability least = durability::process_crash;         ///< who has less is refused (unsupported)
    std::string directory{};  ///< of names; empty: $SIGNET_DIR, else /dev/shm/signet-<uid>
    ack_mode acknowledging = ack_mode::by_hand;  ///< of this handle
};

namespace face {

/// A queue as a handle has it.
struct open_queue {
    std::shared_ptr<pattern::queue_core> core;
    std::string directory;  ///< where those are that it names in reply-to
    ack_mode acknowledging = ack_mode::by_hand;
    std::stop_source stopping{};
};

using pattern::opening;

/// The one place that knows what an address stands for: a name in shared memory, or a directory on
/// a disk ("file:///var/lib/app/jobs"). Throws `error`: a bad name or address.
std::shared_ptr<pattern::queue_core> core_at(std::string_view address, const std::string& directory,
                                             const pattern::queue_shape& shape, opening how);
bool remove_queue_at(std::string_view address, const std::string& directory);

/// `type` null: any. Throws as queue_core::open_or_create, and where the queue is of another type
/// or shape: that shows the difference.
std::unique_ptr<open_queue> open_queue_at(std::string_view address,
                                          const wire::type_descriptor* type,
                                          const queue_options& options, opening how,
                                          pattern::queue_readers readers);

/// One delivery: what all messages that were popped have in common. Move-only.
class delivery_in_hand {
public:
    delivery_in_hand() noexcept = default;
    delivery_in_hand(delivery_in_hand&& other) noexcept = default;
    delivery_in_hand& operator=(delivery_in_hand&& other) noexcept {
        drop();
        from_ = other.from_;
        thrown_ = other.thrown_;
        message_ = std::move(other.message_);
        return *this;
    }
    ~delivery_in_hand() { drop(); }

    /// Whether there is a message, and it is not decided yet; all else is for one that is.
    explicit operator bool() const noexcept { return static_cast<bool>(message_); }

    /// It is done, and never comes again. What becomes of a message is said once: a second time is
    /// a contract_violation. Throws `error` (damaged): it was not ours any more.
    void ack() {
        pattern::held_message& ours = decided();
        from_->core->acknowledge(std::move(ours));
    }

    /// Somebody gets it again: at once, or not before `delay` is over.
    void give_back() { give_back_after({}); }
    void give_back_after(std::chrono::nanoseconds delay) {
        pattern::held_message& ours = decided();
        from_->core->give_back(std::move(ours), delay);
    }

    /// It is put aside, with the first 200 bytes of this text, until it is pushed once more
    /// (`redrive`).
    void dead_letter(std::string_view why) {
        pattern::held_message& ours = decided();
        from_->core->dead_letter(std::move(ours), why.substr(0, why_bytes_max));
    }

    std::uint32_t priority() const noexcept { return message_.priority(); }
    /// Counted with this one; 255: that or more.
    std::uint32_t deliveries() const noexcept { return message_.deliveries(); }
    clock::time_point pushed_at() const noexcept { return message_.pushed(); }
    /// `never` where it does not expire.
    clock::time_point expires_at() const noexcept { return message_.expires(); }
    const std::optional<message_id>& id() const noexcept { return message_.id(); }
    /// Valid until the message is decided.
    std::string_view reply_to() const noexcept { return message_.reply_to(); }

protected:
    delivery_in_hand(open_queue& from, pattern::held_message message) noexcept
        : from_{&from}, thrown_{std::uncaught_exceptions()}, message_{std::move(message)} {}

    std::span<const std::byte> payload() const noexcept { return message_.payload(); }

    /// Pushes an answer to where it is to go. False: nobody waits for it any more.
    bool reply_bytes(std::span<const std::byte> answer, const wire::type_descriptor* type);

private:
    static constexpr std::size_t why_bytes_max = 200;

    pattern::held_message& decided();
    void drop() noexcept {
        if (message_) decide_dropped();
    }
    void decide_dropped() noexcept;

    open_queue* from_ = nullptr;
    int thrown_ = 0;
    pattern::held_message message_;
};

/// Memory of a queue that was not pushed goes back. Move-only.
class draft_in_hand {
public:
    draft_in_hand() noexcept = default;
    draft_in_hand(open_queue& of, pattern::draft memory) noexcept
        : of_{&of}, memory_{std::move(memory)} {}
    draft_in_hand(draft_in_hand&& other) noexcept = default;
    draft_in_hand& operator=(draft_in_hand&& other) noexcept {
        drop();
        of_ = other.of_;
        memory_ = std::move(other.memory_);
        return *this;
    }
    ~draft_in_hand() { drop(); }

    /// Whether there is memory; all else is for one that has some.
    explicit operator bool() const noexcept { return static_cast<bool>(memory_); }

protected:
    friend class queue_handle;

    std::span<std::byte> memory() const noexcept { return memory_.payload(); }

private:
    void drop() noexcept {
        if (memory_) of_->core->drop(std::move(memory_));
    }

    open_queue* of_ = nullptr;
    pattern::draft memory_;
};

/// What all handles of queues have in common.
class queue_handle {
public:
    /// Ends all waits of this handle, now and later, in good order. Any thread.
    void stop() { queue_->stopping.request_stop(); }

    /// How many may be popped now: by a look at each, so not for every message.
    std::uint64_t length() const { return account().length; }

    /// What is in it, and who has what.
    queue_account account() const { return core().account(); }

    /// Pushes up to so many dead letters once more, at the priority they had; how many.
    std::uint64_t redrive(std::uint64_t count_max = ~std::uint64_t{0}) {
        return core().redrive(count_max);
    }

    /// Finishes all messages that nobody has, but for the dead letters; how many.
    std::uint64_t purge() { return core().purge(); }
    std::uint64_t purge_dead_letters() { return core().purge_dead_letters(); }

    /// For a loop of your own: readable while something may be popped, until try_pop() found
    /// nothing. Level-triggered; do not read from it. Valid as long as this.
    int fd() { return core().fd(); }

    /// For waits over several endpoints.
    std::unique_ptr<transport::waitable> watch() const;

    /// What its messages survive.
    durability survives() const noexcept { return core().shape().least; }
    /// As it was made.
    const pattern::queue_shape& shape() const noexcept { return core().shape(); }
    std::uint64_t message_bytes_max() const noexcept { return core().shape().message_bytes_max; }
    const std::string& name() const noexcept { return core().name(); }

protected:
    explicit queue_handle(std::unique_ptr<open_queue> opened) noexcept
        : queue_{std::move(opened)} {}

    pattern::queue_core& core() const noexcept { return *queue_->core; }
    open_queue& opened() const noexcept { return *queue_; }

    /// A message, or none: the patience was at its end.
    std::optional<pattern::held_message> take(const sync::patience& limit);

    /// `full`: the patience was at its end.
    push_outcome put(std::span<const std::byte> payload, const push_terms& terms,
                     const sync::patience& limit);
    push_outcome put(draft_in_hand&& written);
    draft_in_hand borrow(std::uint64_t bytes, const push_terms& terms, const sync::patience& limit);

    bool stopped(const sync::patience& limit) const {
        return queue_->stopping.stop_requested() || limit.stop.stop_requested();
    }

private:
    std::unique_ptr<open_queue> queue_;
};

inline sync::patience at_once() {
    return {.until = deadline::min()};
}

}  // namespace face

/// A message that was popped. Move-only; must not outlive its queue. A value for one thread at a
/// time.
class raw_popped : public face::delivery_in_hand {
public:
    raw_popped() noexcept = default;

    /// Where it lies in the queue. Valid until the message is decided.
    std::span<const std::byte> bytes() const noexcept { return payload(); }

    /// Answers to `reply_to()`: bytes, of that type where it is given. False: nobody waits for it
    /// any more. Does not acknowledge.
    bool reply(std::span<const std::byte> answer, const wire::type_descriptor* type = nullptr) {
        return reply_bytes(answer, type);
    }

private:
    friend class raw_queue;
    using delivery_in_hand::delivery_in_hand;
};

/// Memory of a queue to write the next message in. What it holds at first is undefined; dropped
/// unpushed, it goes back. Move-only; must not outlive its queue.
class raw_queue_loan : public face::draft_in_hand {
public:
    /// All of it is the message.
    std::span<std::byte> bytes() const noexcept { return memory(); }

private:
    friend class raw_queue;
    explicit raw_queue_loan(draft_in_hand&& memory) noexcept : draft_in_hand{std::move(memory)} {}
};

class raw_queue : public face::queue_handle {
public:
    /// Opens the queue there, or creates it: one without a type, or of this one. Throws as `queue`.
    explicit raw_queue(std::string_view address, const queue_options& options = {})
        : raw_queue{made(address, nullptr, options, face::opening::open_or_create)} {}
    raw_queue(std::string_view address, const wire::type_descriptor& type,
              const queue_options& options = {})
        : raw_queue{made(address, &type, options, face::opening::open_or_create)} {}

    /// Opens what is there; throws where there is none.
    static raw_queue open(std::string_view address, const queue_options& options = {}) {
        return raw_queue{made(address, nullptr, options, face::opening::open)};
    }
    static bool remove(std::string_view address, const std::string& directory = {}) {
        return face::remove_queue_at(address, directory);
    }

    /// What its messages are; none: nobody said.
    std::optional<wire::type_descriptor> type() const;

    /// As those of `queue`.
    push_outcome push(std::span<const std::byte> message, const push_terms& terms = {},
                      std::stop_token stop = {}) {
        return put_checked(message, terms, {never, std::move(stop)});
    }
    push_outcome try_push(std::span<const std::byte> message, const push_terms& terms = {}) {
        return put_checked(message, terms, face::at_once());
    }
    push_outcome push_for(std::span<const std::byte> message, std::chrono::nanoseconds limit,
                          const push_terms& terms = {}) {
        return put_checked(message, terms, {after(limit), {}});
    }

    /// Memory for a message of just so many bytes; waits for room. None: stopped meanwhile.
    raw_queue_loan loan(std::uint64_t bytes, const push_terms& terms = {},
                        std::stop_token stop = {}) & {
        return borrow_checked(bytes, terms, {never, std::move(stop)});
    }
    raw_queue_loan try_loan(std::uint64_t bytes, const push_terms& terms = {}) & {
        return borrow_checked(bytes, terms, face::at_once());
    }
    push_outcome push(raw_queue_loan&& written) { return put(std::move(written)); }

    raw_popped pop(std::stop_token stop = {}) & { return next({never, std::move(stop)}); }
    raw_popped try_pop() & { return next(face::at_once()); }
    raw_popped pop_for(std::chrono::nanoseconds limit) & { return next({after(limit), {}}); }

    /// The first messages, of all states, without taking them.
    std::vector<peeked_message> peek(std::size_t count_max) const { return core().peek(count_max); }
    std::vector<peeked_message> peek_dead_letters(std::size_t count_max) const {
        return core().peek_dead_letters(count_max);
    }

private:
    explicit raw_queue(std::unique_ptr<face::open_queue> opened) noexcept
        : queue_handle{std::move(opened)} {
        note_size();
    }
    static std::unique_ptr<face::open_queue> made(std::string_view address,
                                                  const wire::type_descriptor* type,
                                                  const queue_options& options, face::opening how) {
        return face::open_queue_at(address, type, options, how, pattern::queue_readers::anybody);
    }

    push_outcome put_checked(std::span<const std::byte> message, const push_terms& terms,
                             const sync::patience& limit) {
        require_size(message.size());
        return put(message, terms, limit);
    }
    raw_queue_loan borrow_checked(std::uint64_t bytes, const push_terms& terms,
                                  const sync::patience& limit) {
        require_size(bytes);
        return raw_queue_loan{borrow(bytes, terms, limit)};
    }
    raw_popped next(const sync::patience& limit) {
        auto got = take(limit);
        return got ? raw_popped{opened(), std::move(*got)} : raw_popped{};
    }
    void note_size();
    void require_size(std::uint64_t bytes) const;

    std::uint64_t size_ = 0;  ///< of each message; 0: any
};

}  // namespace signet
