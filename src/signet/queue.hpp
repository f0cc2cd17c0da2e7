// SPDX-License-Identifier: Apache-2.0
// `queue<T>`: work that is never lost. Producers push, consumers pop, each message goes to one of
// them; they need not run at the same time, and any may be killed. A message that was accepted is
// delivered until somebody says that it is done.
//
//     signet::queue<job> jobs{"jobs"};
//     jobs.push({.number = 42});
//     while (auto message = jobs.pop()) { use(*message); message.ack(); }
//     jobs.work([](const job& j) { use(j); });       // the same: returned, done; thrown, given
//     back
//
// A message that is dropped, or whose consumer dies, comes again, before those behind it. A queue
// with a name lies in memory and outlives its users until it is removed, or the machine stops; one
// at "file:///var/lib/app/jobs" lies on a disk and outlives that too: what push returned from is
// there. It has a bounded size, and who pushes to a full one waits.
//
// Thread safety: any thread, but for stop(), which wakes all: threads that share a handle take
// turns. Who wants more opens the queue twice. After a fork the child must not use it (`error`,
// forked): it opens the queue anew. Throws `error`: another type (incompatible_type, field by
// field), too_large, damaged, and what the system refuses.
#pragma once

#include <signet/face/typed_queue.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace signet {

/// Memory of a queue in which the next message is constructed, where T is plain. It holds whatever
/// was there before: write every field. Dropped unpushed, it goes back. Move-only; must not outlive
/// its queue. It has its place in the order of messages from when it was taken.
template <class T>
class queue_loan : public face::draft_in_hand {
public:
    T& operator*() const noexcept { return *reinterpret_cast<T*>(memory().data()); }
    T* operator->() const noexcept { return &**this; }

private:
    template <class>
    friend class queue;
    explicit queue_loan(draft_in_hand&& memory) noexcept : draft_in_hand{std::move(memory)} {}
};

template <class T>
class queue : public face::typed_queue<T> {
    using base = face::typed_queue<T>;

public:
    /// Opens the queue there, "jobs", "shop/orders" or "file:///path", or creates it. Throws
    /// `error`: of another type or shape, less durable than wanted (unsupported), all seats taken
    /// (limit_reached), no room in the file system, a directory that cannot be used.
    explicit queue(std::string_view address, const queue_options& options = {})
        : queue{address, options, face::opening::open_or_create} {}

    /// Throws where there is one.
    static queue create(std::string_view address, const queue_options& options = {}) {
        return queue{address, options, face::opening::create};
    }

    /// Throws where there is none.
    static queue open(std::string_view address, const queue_options& options = {}) {
        return queue{address, options, face::opening::open};
    }

    /// Removes the name, and with its last user the queue. False where there is none.
    static bool remove(std::string_view address, const std::string& directory = {}) {
        return face::remove_queue_at(address, directory);
    }

    /// Pushes a copy; waits for room. `accepted`, or `duplicate`: one of its id was accepted within
    /// the window. `full`: stopped meanwhile. A durable queue's push returns when it is safe, or
    /// says `unconfirmed` where it is stopped, or out of time, because who writes the log is held
    /// up.
    push_outcome push(const T& message, const push_terms& terms = {}, std::stop_token stop = {}) {
        return put_typed(message, terms, {never, std::move(stop)});
    }

    /// The same without waiting. `full`: no room now.
    push_outcome try_push(const T& message, const push_terms& terms = {}) {
        return put_typed(message, terms, face::at_once());
    }

    /// The same, waiting at most for `limit`.
    push_outcome push_for(const T& message, std::chrono::nanoseconds limit,
                          const push_terms& terms = {}) {
        return put_typed(message, terms, {after(limit), {}});
    }

    /// Memory to construct the next message in; waits for room. None: stopped meanwhile.
    queue_loan<T> loan(const push_terms& terms = {}, std::stop_token stop = {}) &
        requires wire::in_place<T>
    {
        return queue_loan<T>{base::borrow(sizeof(T), terms, {never, std::move(stop)})};
    }

    /// The same without waiting. None: no room now.
    queue_loan<T> try_loan(const push_terms& terms = {}) &
        requires wire::in_place<T>
    {
        return queue_loan<T>{base::borrow(sizeof(T), terms, face::at_once())};
    }

    /// Pushes what was written to a loan; nothing is copied. `full`: somebody is just pushing one
    /// of the same id; the loan is as it was.
    push_outcome push(queue_loan<T>&& written)
        requires wire::in_place<T>
    {
        return base::put(std::move(written));
    }

    /// Pushes a message and waits for its answer, in a mailbox of this call alone; who asks often
    /// makes a mailbox himself. None: stopped, or the message is a duplicate.
    template <class Answer>
    std::optional<Answer> request(const T& message, const push_terms& terms = {},
                                  std::stop_token stop = {}) {
        return ask<Answer>(message, terms, {never, std::move(stop)});
    }

    /// The same, waiting at most for `limit`.
    template <class Answer>
    std::optional<Answer> request_for(const T& message, std::chrono::nanoseconds limit,
                                      const push_terms& terms = {}) {
        return ask<Answer>(message, terms, {after(limit), {}});
    }

private:
    queue(std::string_view address, const queue_options& options, face::opening how)
        : base{face::open_queue_at(address, &face::queue_type<T>(), options, how,
                                   pattern::queue_readers::anybody)} {}

    push_outcome put_typed(const T& message, const push_terms& terms, const sync::patience& limit) {
        return face::with_bytes(message, [&](std::span<const std::byte> bytes) {
            return base::put(bytes, terms, limit);
        });
    }

    template <class Answer>
    std::optional<Answer> ask(const T& message, push_terms terms, const sync::patience& limit);
};

/// A queue with one reader, which anybody may write to: who makes it reads it, and with its end it
/// is gone. `queue<T>` opened by its name writes to it; so do answers to messages that were pushed
/// with `.reply_to = box.name()`.
template <class T>
class mailbox : public face::typed_queue<T> {
    using base = face::typed_queue<T>;

public:
    /// One with a name that nobody else has.
    explicit mailbox(const queue_options& options = {})
        : mailbox{face::unique_mailbox_name(), options} {}

    /// Throws `error` where somebody reads one of that name (limit_reached). What was in one whose
    /// reader was killed was for that one, and is gone.
    explicit mailbox(std::string_view name, const queue_options& options = {})
        : base{face::open_queue_at(name, &face::queue_type<T>(), sized(options),
                                   face::opening::open_or_create, pattern::queue_readers::one)} {}

private:
    template <class>
    friend class queue;

    static queue_options sized(queue_options options) {
        if (!options.bytes) options.bytes = std::uint64_t{256} << 10;
        if (!options.seats) options.seats = 16;
        return options;
    }
};

template <class T>
template <class Answer>
std::optional<Answer> queue<T>::ask(const T& message, push_terms terms,
                                    const sync::patience& limit) {
    mailbox<Answer> box{queue_options{.directory = base::opened().directory}};
    const std::stop_callback on_stop{base::opened().stopping.get_token(), [&] { box.stop(); }};
    terms.reply_to = box.name();
    if (put_typed(message, terms, limit) != push_outcome::accepted) return std::nullopt;
    popped<Answer> answer = box.next(limit);
    if (!answer) return std::nullopt;
    std::optional<Answer> value{*answer};
    answer.ack();
    return value;
}

}  // namespace signet
