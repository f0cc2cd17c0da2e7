// SPDX-License-Identifier: Apache-2.0
// Waiting, between processes, until somebody says that something has changed. Like the standard's,
// and like it to be used with a predicate: a wait may end without a notification, and does when a
// process of the region dies, for it may be the one that was to notify.
//
//     std::unique_lock locked{till};
//     changed.wait(locked, [&] { return !queue->empty(); });
//
// Protocol: one word, `notifications << 1 | somebody waits`. A waiter sets the bit and reads the
// word while it has the lock, gives the lock up, and sleeps until the word changes. Nobody owns the
// word, so nothing of it needs repair; a bit left by the dead costs one system call.
//
// Thread safety: any thread of any process. Who notifies need not have the lock, but must have had
// it when it changed what is waited for. Notifying where nobody waits makes no system call.
#pragma once

#include <signet/sync/region.hpp>
#include <signet/sync/sleeper.hpp>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string_view>
#include <utility>

namespace signet::sync {

class condition_variable {
public:
    /// Finds it in the region, or makes it. Throws `error` as `mutex` does.
    condition_variable(const region& in, std::string_view name);

    condition_variable(const condition_variable&) = delete;
    condition_variable& operator=(const condition_variable&) = delete;

    void notify_one();
    void notify_all();

    /// Gives `locked` up, waits, and takes it again. `Lock` is a std::unique_lock of a mutex of the
    /// same region. Throws what its `lock` throws (owner_died); `locked` is then not held.
    template <class Lock>
    void wait(Lock& locked) {
        wait_once(locked, {});
    }

    /// Waits until `holds()`, which is called with the lock.
    template <class Lock, class Predicate>
    void wait(Lock& locked, Predicate holds) {
        while (!holds()) wait_once(locked, {});
    }

    /// The same until a deadline; returns what `holds()` says in the end.
    template <class Lock, class Predicate>
    bool wait_until(Lock& locked, deadline until, Predicate holds) {
        return wait_within(locked, {.until = until}, holds);
    }
    template <class Lock, class Rep, class Period, class Predicate>
    bool wait_for(Lock& locked, std::chrono::duration<Rep, Period> limit, Predicate holds) {
        return wait_until(locked, after(std::chrono::ceil<std::chrono::nanoseconds>(limit)), holds);
    }

    /// The same until a stop is asked for.
    template <class Lock, class Predicate>
    bool wait(Lock& locked, std::stop_token stop, Predicate holds) {
        return wait_within(locked, {.stop = std::move(stop)}, holds);
    }

private:
    template <class Lock, class Predicate>
    bool wait_within(Lock& locked, const patience& limit, Predicate& holds) {
        while (!holds()) {
            if (!wait_once(locked, limit)) return holds();
        }
        return true;
    }

    template <class Lock>
    bool wait_once(Lock& locked, const patience& limit) {
        sleeper waiting{limit};
        const std::uint32_t armed = arm();
        locked.unlock();
        const bool more = waiting.sleep(*word_, armed);
        locked.lock();
        return more;
    }

    std::uint32_t arm();

    std::shared_ptr<region_core> in_;
    memory::shared_word<std::uint32_t>* word_;
};

}  // namespace signet::sync
