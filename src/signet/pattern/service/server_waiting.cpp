// SPDX-License-Identifier: Apache-2.0
// The part of a server in which threads wait: for work, for their turn to read, and, inside a
// method, for what its caller gives.
#include <signet/base/error.hpp>
#include <signet/os/futex.hpp>
#include <signet/os/signal.hpp>
#include <signet/pattern/service/call_server.hpp>
#include <signet/transport/patient_wait.hpp>

#include <utility>

namespace signet::pattern {

using transport::patience;

// The loop that serves reads.
bool call_server::try_await(lock&, call_session&, const awaited& what) {
    return what.there();
}

std::unique_ptr<transport::waitable> call_server::enlist(call_waiter& who, call_session& on,
                                                         awaited& what) {
    what.waiter = &who;
    begin_awaiting(static_cast<served_line&>(on));
    return nullptr;
}

void call_server::take_back(call_waiter&, call_session& on, awaited& what) {
    what.waiter = nullptr;
    --static_cast<served_line&>(on).awaited;
}

// It is read from now on, however many calls of it are at work: one of these waits for it.
void call_server::begin_awaiting(served_line& on) {
    if (on.awaited++ != 0 || !on.resting || on.over) return;
    resumed_.push_back(std::static_pointer_cast<served_line>(on.shared_from_this()));
    wake_reader();
}

// Of a method that waits for its caller: for what a function called back gives, for an item.
void call_server::await(lock& locked, call_session& on, awaited& what, const patience& limit) {
    const incoming_call* const serving = this_thread_serves().get();
    if (what.there()) return;
    begin_awaiting(static_cast<served_line&>(on));
    while (!what.there() && !stopping_ && !transport::is_over(limit)) {
        if (serving != nullptr && serving->cancelled()) break;
        reading_ ? follow(locked, limit, &what) : read(locked, limit, &what);
    }
    --static_cast<served_line&>(on).awaited;
    wake_one();
}

// ---- waiting ------------------------------------------------------------------------------------

void call_server::follow(lock& locked, const patience& limit, awaited* what) {
    waiting_thread self;
    const os::futex_waiter now = self.watch();
    followers_.insert(what == nullptr ? followers_.end() : followers_.begin(), &self);
    if (what != nullptr) what->waiter = &self;
    locked.unlock();
    self.sleep(now, limit);
    locked.lock();
    if (what != nullptr) what->waiter = nullptr;
    std::erase(followers_, &self);
}

// Whoever is woken is no follower any more, so that the next one is woken next. First those that
// can do any work: who waits inside a method can only read.
void call_server::wake_one() {
    if (!followers_.empty()) {
        followers_.back()->wake();
        followers_.pop_back();
    } else if (in_loop_ || (reading_ && reader_ != std::this_thread::get_id())) {
        set_.wake();
    } else if (attended_ != 0 && !reading_) {
        attendant_wanted_.post();
    }
}

void call_server::wake_all() {
    for (call_waiter* const one : followers_) one->wake();
}

// Who asks behind its answer is told by nobody.
void call_server::attend(incoming_call& call) {
    const std::lock_guard locked{mutex_};
    if (call.finished) return;
    call.counted = true;
    ++attended_;
    if (in_loop_) return;  // which goes on reading
    if (!attendant_.joinable()) {
        const os::blocked_signals none_for_the_thread;
        attendant_ = std::thread{&call_server::attend_calls, this};
    }
    attendant_wanted_.post();
}

// The attendant's whole life: it reads while calls that want to be told run, and nobody else does.
void call_server::attend_calls() {
    lock locked{mutex_};
    while (!closing_) {
        const os::futex_waiter waiter = attendant_wanted_.watch();
        if (attended_ != 0 && !reading_) {
            if (!try_read(locked)) return;
            wake_one();  // a thread that serves may wait for its turn to read
        } else {
            locked.unlock();
            os::futex_wait_any({&waiter, 1}, after(life::backstop));
            locked.lock();
        }
    }
}

// False: the system refuses, which whoever serves is told in its turn.
bool call_server::try_read(lock& locked) try {
    const nothing_awaited only_reads;
    read(locked, {}, &only_reads);
    return true;
} catch (const error&) {
    return false;
}

}  // namespace signet::pattern
