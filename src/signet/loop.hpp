// SPDX-License-Identifier: Apache-2.0
// `loop` runs coroutines in one thread: each waits with co_await for a message of a topic, a queue
// or a channel, for who connects, for room to send, for a time or a descriptor, and meanwhile the
// others go on. Ten thousand that wait cost no more than ten.
//
//     task<> follow(loop& in, subscriber<pose>& poses) {
//         while (auto pose = co_await in.receive(poses)) use(pose->x);
//     }
//
// Give what an await returns a name, as here, before a `while` or `if` asks for it: GCC 12
// miscompiles `while (co_await …)`.
//
// Thread safety: one thread, the one its endpoints belong to, but for stop(). What is awaited must
// outlive the await, and its loop. A loop that is destroyed destroys the coroutines it still has.
#pragma once

#include <signet/base/time.hpp>
#include <signet/context.hpp>
#include <signet/face/pending.hpp>
#include <signet/face/taking.hpp>
#include <signet/publisher.hpp>
#include <signet/queue.hpp>
#include <signet/subscriber.hpp>
#include <signet/task.hpp>
#include <signet/transport/wait_engine.hpp>

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <exception>
#include <list>
#include <map>
#include <span>
#include <stop_token>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace signet {

namespace face {

class root;

template <class From>
class taking;
template <class Channel, class Message>
class sending;
template <class T>
class publishing;
template <class T>
class gathering;
class sleeping;
class watching;

}  // namespace face

class loop {
public:
    /// Throws `error` at the limit of open files.
    explicit loop(wait_mode waiting = wait_mode::adaptive);
    ~loop();

    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    /// Has the task run, from the next turn on. What it throws comes out of run().
    void spawn(task<> body);

    /// Runs until all tasks have ended. A task's exception ends that task and this call; the others
    /// go on with the next one.
    void run();

    /// The same for at most `limit`. False: tasks are left.
    bool run_for(std::chrono::nanoseconds limit);

    /// The one that this thread runs; null: none.
    static loop* current() noexcept;

    /// Each co_await of this loop returns without a value, now and later, so that tasks end in good
    /// order. Any thread.
    void stop();
    bool stopped() const noexcept {
        return stopping_.load(std::memory_order_acquire);  // SYNC loop-stop
    }

    /// Drives a context with manual drive; those of subscribers and publishers that are awaited are
    /// driven anyway.
    void drive(const context& one) { set_.drive(one.plane()); }

    /// The next message, a sample<T>. None: stopped, by the token, the loop or the context.
    template <class T>
    face::taking<subscriber<T>> receive(subscriber<T>& from, std::stop_token stop = {}) {
        return {*this, from, {never, std::move(stop)}};
    }

    /// The same, waiting at most for `limit`.
    template <class T>
    face::taking<subscriber<T>> receive_for(subscriber<T>& from, std::chrono::nanoseconds limit,
                                            std::stop_token stop = {}) {
        return {*this, from, {after(limit), std::move(stop)}};
    }

    /// The next message of a channel, an optional<In>. None: the other end has closed, or stopped.
    /// Throws what receive() does, a death too. One task receives from a channel at a time.
    template <class Out, class In>
    face::taking<channel<Out, In>> receive(channel<Out, In>& from, std::stop_token stop = {}) {
        return {*this, from, {never, std::move(stop)}};
    }
    template <class Out, class In>
    face::taking<channel<Out, In>> receive_for(channel<Out, In>& from,
                                               std::chrono::nanoseconds limit,
                                               std::stop_token stop = {}) {
        return {*this, from, {after(limit), std::move(stop)}};
    }

    /// The same in bytes, an optional<raw_message>, valid until the next receive of the channel.
    face::taking<raw_channel> receive(raw_channel& from, std::stop_token stop = {});
    face::taking<raw_channel> receive_for(raw_channel& from, std::chrono::nanoseconds limit,
                                          std::stop_token stop = {});

    /// Sends a message when there is room, and goes on when the carrier has all of it. False: the
    /// other end has closed, or stopped. The message must last until then.
    template <class Out, class In>
    face::sending<channel<Out, In>, Out> send(channel<Out, In>& to,
                                              const std::type_identity_t<Out>& message,
                                              std::stop_token stop = {}) {
        return {*this, to, message, {never, std::move(stop)}};
    }

    /// The bytes must last until then; their span need not.
    face::sending<raw_channel, std::span<const std::byte>> send(raw_channel& to,
                                                                std::span<const std::byte> message,
                                                                std::stop_token stop = {});

    /// The next message of a queue or a mailbox, a popped<T>. None: stopped, by the token or the
    /// loop. Any number of tasks may wait for one.
    template <class T>
    face::taking<face::typed_queue<T>> pop(face::typed_queue<T>& from, std::stop_token stop = {}) {
        return {*this, from, {never, std::move(stop)}};
    }
    template <class T>
    face::taking<face::typed_queue<T>> pop_for(face::typed_queue<T>& from,
                                               std::chrono::nanoseconds limit,
                                               std::stop_token stop = {}) {
        return {*this, from, {after(limit), std::move(stop)}};
    }
    face::taking<raw_queue> pop(raw_queue& from, std::stop_token stop = {});

    /// The next one who connects, an optional channel. None: stopped.
    template <class Channel>
    face::taking<basic_listener<Channel>> accept(basic_listener<Channel>& at,
                                                 std::stop_token stop = {}) {
        return {*this, at, {never, std::move(stop)}};
    }

    /// Publishes a copy when there is room. False: stopped. The message must last until then.
    template <class T>
    face::publishing<T> publish(publisher<T>& to, const std::type_identity_t<T>& message,
                                std::stop_token stop = {}) {
        return {*this, to, message, {never, std::move(stop)}};
    }

    /// Waits until at least `count` have joined. False: stopped.
    template <class T>
    face::gathering<T> wait_for_subscribers(publisher<T>& of, std::size_t count,
                                            std::stop_token stop = {}) {
        return {*this, of, count, {never, std::move(stop)}};
    }

    /// False: stopped before the time was over.
    face::sleeping sleep_for(std::chrono::nanoseconds time, std::stop_token stop = {});
    face::sleeping sleep_until(deadline until, std::stop_token stop = {});

    /// Waits until the descriptor is readable, or writable, or its other side has ended. False:
    /// stopped.
    face::watching readable(int fd, std::stop_token stop = {});
    face::watching writable(int fd, std::stop_token stop = {});

private:
    friend face::pending;
    friend face::root;

    /// What somebody waits for, and who.
    struct subject {
        const void* identity = nullptr;  ///< null: a descriptor
        bool lasting = false;            ///< may stay in the set while nobody waits
        std::vector<face::pending*> waiting;
    };

    bool run_until(deadline limit);
    void resume_those_who_can();
    void throw_failure();
    void turn(deadline limit);
    void look_for(transport::wait_key ready);
    void end_due();
    void end_stopped();
    void look_again();
    void end(face::pending& one);
    void poke();

    void wait(face::pending& who, std::unique_ptr<transport::waitable> what);
    transport::wait_key key_of(std::unique_ptr<transport::waitable> what);
    void forget_gone();
    void stop_waiting(face::pending& who, transport::wait_key key);

    transport::wait_engine set_;
    std::unordered_map<transport::wait_key, subject> subjects_;
    std::unordered_map<const void*, transport::wait_key>
        keys_;                    ///< of endpoints, some of them gone
    std::size_t keys_most_ = 16;  ///< then the gone ones are dropped
    std::multimap<deadline, face::pending*> timers_;
    std::list<face::pending*> waiting_;
    std::deque<std::coroutine_handle<>> queue_;  ///< those who can go on
    std::list<std::coroutine_handle<>> roots_;   ///< one for each task that was spawned
    std::exception_ptr failure_;                 ///< of a task
    int looks_left_ = 0;                         ///< until others have a turn
    bool running_ = false;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> poked_{false};
};

namespace face {

template <class From>
class [[nodiscard]] taking final : pending {
public:
    taking(loop& in, From& from, const transport::patience& limit)
        : pending{in, limit}, from_{from}, turn_{from} {}

    bool await_ready() {
        turn_.take();
        return look_first();
    }
    void await_suspend(std::coroutine_handle<> who) { wait_for(who, from_.watch()); }
    taken<From> await_resume() {
        rethrow();
        return std::move(next_);
    }

private:
    bool look() override {
        next_ = take_next(from_);
        return next_ || is_at_end(from_);
    }

    From& from_;
    turn_to_receive<From> turn_;
    taken<From> next_;
};

template <class Channel, class Message>
class [[nodiscard]] sending final : pending {
public:
    sending(loop& in, Channel& to, const Message& message, const transport::patience& limit)
        : pending{in, limit}, putting_{to, message} {}

    bool await_ready() { return look_first(); }
    void await_suspend(std::coroutine_handle<> who) { wait_for(who, putting_.watch()); }
    bool await_resume() const {
        rethrow();
        return putting_.sent();
    }

private:
    bool look() override { return putting_.look(); }

    putting<Channel, Message> putting_;
};

template <class T>
class [[nodiscard]] publishing final : pending {
public:
    publishing(loop& in, publisher<T>& to, const T& message, const transport::patience& limit)
        : pending{in, limit}, to_{to}, message_{message} {}

    bool await_ready() { return look_first(); }
    void await_suspend(std::coroutine_handle<> who) {
        wait_for(who, to_.watch(transport::shm::publisher_interest::room));
    }
    bool await_resume() const {
        rethrow();
        return sent_;
    }

private:
    bool look() override { return sent_ = to_.try_publish(message_); }

    publisher<T>& to_;
    const T& message_;
    bool sent_ = false;
};

template <class T>
class [[nodiscard]] gathering final : pending {
public:
    gathering(loop& in, publisher<T>& of, std::size_t count, const transport::patience& limit)
        : pending{in, limit}, of_{of}, count_{count} {}

    bool await_ready() { return look_first(); }
    void await_suspend(std::coroutine_handle<> who) {
        wait_for(who, of_.watch(transport::shm::publisher_interest::events));
    }
    bool await_resume() const {
        rethrow();
        return all_;
    }

private:
    bool look() override { return all_ = of_.subscribers() >= count_; }

    publisher<T>& of_;
    std::size_t count_;
    bool all_ = false;
};

class [[nodiscard]] sleeping final : pending {
public:
    using pending::pending;

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> who) { wait_for_deadline(who); }
    bool await_resume() const noexcept { return over_; }

private:
    bool look() override { return false; }
    void expire() override { over_ = true; }

    bool over_ = false;
};

class [[nodiscard]] watching final : pending {
public:
    watching(loop& in, int fd, os::interest wanted, const transport::patience& limit)
        : pending{in, limit}, fd_{fd}, wanted_{wanted} {}

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> who) { wait_for(who, fd_, wanted_); }
    bool await_resume() const noexcept { return ready_; }

private:
    bool look() override { return ready_ = true; }

    int fd_;
    os::interest wanted_;
    bool ready_ = false;
};

}  // namespace face

inline face::taking<raw_channel> loop::receive(raw_channel& from, std::stop_token stop) {
    return {*this, from, {never, std::move(stop)}};
}

inline face::taking<raw_channel> loop::receive_for(raw_channel& from,
                                                   std::chrono::nanoseconds limit,
                                                   std::stop_token stop) {
    return {*this, from, {after(limit), std::move(stop)}};
}

inline face::taking<raw_queue> loop::pop(raw_queue& from, std::stop_token stop) {
    return {*this, from, {never, std::move(stop)}};
}

inline face::sending<raw_channel, std::span<const std::byte>> loop::send(
    raw_channel& to, std::span<const std::byte> message, std::stop_token stop) {
    return {*this, to, message, {never, std::move(stop)}};
}

inline face::sleeping loop::sleep_for(std::chrono::nanoseconds time, std::stop_token stop) {
    return sleep_until(after(time), std::move(stop));
}

inline face::sleeping loop::sleep_until(deadline until, std::stop_token stop) {
    return {*this, {until, std::move(stop)}};
}

inline face::watching loop::readable(int fd, std::stop_token stop) {
    return {*this, fd, os::interest::readable, {never, std::move(stop)}};
}

inline face::watching loop::writable(int fd, std::stop_token stop) {
    return {*this, fd, os::interest::writable, {never, std::move(stop)}};
}

}  // namespace signet
