// SPDX-License-Identifier: Apache-2.0
// `loop` runs coroutines in one thread: each waits with co_await for a message, for room at a
// publisher, for a time or a descriptor, and meanwhile the others go on.
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
#include <signet/publisher.hpp>
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
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

namespace signet {

namespace face {

class root;

template <class T>
class receiving;
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
    face::receiving<T> receive(subscriber<T>& from, std::stop_token stop = {}) {
        return {*this, from, {never, std::move(stop)}};
    }

    /// The same, waiting at most for `limit`.
    template <class T>
    face::receiving<T> receive_for(subscriber<T>& from, std::chrono::nanoseconds limit,
                                   std::stop_token stop = {}) {
        return {*this, from, {after(limit), std::move(stop)}};
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
    void end(face::pending& one);
    void poke();

    void wait(face::pending& who, std::unique_ptr<transport::waitable> what);
    transport::wait_key key_of(std::unique_ptr<transport::waitable> what);
    void forget_gone();
    void stop_waiting(face::pending& who, transport::wait_key key);

    transport::wait_engine set_;
    std::map<transport::wait_key, subject> subjects_;
    std::map<const void*, transport::wait_key> keys_;  ///< of endpoints
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

template <class T>
class [[nodiscard]] receiving final : pending {
public:
    receiving(loop& in, subscriber<T>& from, const transport::patience& limit)
        : pending{in, limit}, from_{from} {}

    bool await_ready() { return look_first(); }
    void await_suspend(std::coroutine_handle<> who) { wait_for(who, from_.watch()); }
    sample<T> await_resume() {
        rethrow();
        return std::move(next_);
    }

private:
    bool look() override {
        next_ = from_.try_receive();
        return static_cast<bool>(next_);
    }

    subscriber<T>& from_;
    sample<T> next_;
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
