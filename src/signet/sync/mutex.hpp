// SPDX-License-Identifier: Apache-2.0
// A lock between processes, and between their threads, that survives whoever holds it: when a
// holder dies, the next one gets the lock and is told, as what it guards may be half changed.
//
//     signet::mutex till{shop, "till", {.repair = [&] { recount(); }}};
//     const std::scoped_lock mine{till};
//
// Who is told: with a `repair` hook, `lock` calls it, in the thread that got the lock and while it
// has it, and then returns as always. Without one, `lock` throws `error` (owner_died) and does not
// have the lock; so do all others, until somebody calls `lock_inherited`, puts things right, and
// says so by `mark_consistent`.
//
// Thread safety: any thread; the lock is taken and given up through the same object, by the same
// thread. No system call is made where nobody waits; to wake somebody costs one. Waits end by the
// lock, by a death, a deadline, or a stop. Locks of one process that is stopped (SIGSTOP) stay its.
#pragma once

#include <signet/sync/owned_word.hpp>
#include <signet/sync/priority_word.hpp>
#include <signet/sync/region.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace signet::sync {

/// A thread of this process, as something to compare: good as long as the thread lives. The same in
/// all libraries of the process, and costs one instruction.
inline const void* this_thread_mark() noexcept {
    return __builtin_thread_pointer();
}

/// What a holder owes to those who wait.
enum class lock_priority {
    own,   ///< it runs as urgently as it would without the lock
    lent,  ///< as urgently as the most urgent of those who wait (priority inheritance)
};

struct mutex_options {
    /// Puts right what a dead holder left half changed. What it throws is thrown by the `lock` that
    /// called it, which then does not have the lock; the next one to get it is told again.
    std::function<void()> repair{};

    /// The same for all that use the mutex. `lent` takes Linux 5.14, works inside one pid
    /// namespace, and notices a stop only after a while, as the kernel waits for us; the rest holds
    /// as well.
    lock_priority priority = lock_priority::own;
};

class mutex {
public:
    /// Finds the mutex of that name in the region, or makes it. Throws `error`: the name is of
    /// something else, no room.
    mutex(const region& in, std::string_view name, mutex_options options = {});

    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;

    /// Takes the lock; waits until it is free or its holder is dead. Throws `error` (owner_died),
    /// see above; a second lock by the same thread is a contract_violation.
    void lock() {
        const ownership at_once = try_take();
        if (at_once == ownership::clean) return adopt_clean();
        admit(at_once == ownership::none ? take({}) : at_once);
    }

    /// False where somebody else has it.
    bool try_lock() { return admit(try_take()); }

    /// False when the time has passed.
    template <class Rep, class Period>
    bool try_lock_for(std::chrono::duration<Rep, Period> limit) {
        return try_lock_until(after(std::chrono::ceil<std::chrono::nanoseconds>(limit)));
    }
    bool try_lock_until(deadline until) { return admit(take({.until = until})); }

    /// False where a stop was asked for before the lock was ours.
    bool lock(std::stop_token stop) { return admit(take({.stop = std::move(stop)})); }

    /// Gives it up. By a thread that does not have it: a contract_violation.
    void unlock() {
        if (!held_here()) complain_of_unheld("unlock");
        holder_.store(nullptr, std::memory_order_relaxed);  // relaxed: for this thread only
        if (!in_->here()) return;                           // a forked child has no such memory
        give_up(consistent_ ? left_as::consistent : left_as::found);
    }

    /// Takes the lock whatever its last holder left. True: that one died, or one before it, and
    /// nobody has put things right since.
    bool lock_inherited();

    /// Says that what the lock guards is as it should be. For who has the lock; until then each
    /// holder after a death is told of it.
    void mark_consistent();

    /// Whether the calling thread has it.
    bool held_here() const noexcept {
        // relaxed, here and below: a thread asks only whether it stored its own mark
        return holder_.load(std::memory_order_relaxed) == this_thread_mark();
    }

    /// Whether nobody has it now: a look, no promise.
    bool looks_free() const {
        in_->check_process();
        return word_.owner().nobody();
    }

    const std::string& name() const noexcept { return name_; }

private:
    friend class shared_mutex;

    mutex(std::shared_ptr<region_core> in, std::string_view name, lock_word& word,
          mutex_options options);

    static std::byte* find(region_core& in, std::string_view name, lock_priority priority);

    ownership try_take() {
        in_->check_process();
        return lends_ ? lends_->try_take() : word_.try_take();
    }
    void give_up(left_as how) noexcept {
        if (lends_) return lends_->give_up(how);
        word_.give_up(how);
    }
    ownership take(const patience& limit);
    bool admit(ownership got);
    bool adopt(ownership got) noexcept;
    void adopt_clean() noexcept {
        holder_.store(this_thread_mark(), std::memory_order_relaxed);  // relaxed: as above
        consistent_ = true;
    }
    void give_back() noexcept { give_up(left_as::found); }
    bool admit_inherited();
    [[noreturn]] void complain_of_unheld(const char* what) const;

    std::shared_ptr<region_core> in_;
    std::string name_;
    mutex_options options_;
    owned_word word_;
    std::optional<priority_word> lends_;        ///< in place of `word_`
    std::atomic<const void*> holder_{nullptr};  ///< stands for the thread of this process
    bool consistent_ = true;                    ///< guarded by the lock itself
};

}  // namespace signet::sync
