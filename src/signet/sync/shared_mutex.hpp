// SPDX-License-Identifier: Apache-2.0
// A lock that many may share, or one have alone, between processes and their threads. A writer that
// waits keeps new readers out, so readers in turns do not starve it. When a writer dies, whoever
// comes next, reader or writer, is told as with a `mutex`; a reader that dies is counted no more.
//
// Protocol: the word of writers is that of a mutex; each seat has a word with its generation and
// how many of its threads read. A reader counts itself, then looks at the word of writers, and
// takes itself back where a writer is there. A writer takes its word, then waits until no living
// seat counts readers. Each does its own step before it looks at the other's, in one order for all
// (seq_cst), so one of them sees the other.
//
// Thread safety: any thread of any process; a lock is given up by a thread of the process that took
// it, a writer's by the thread itself. Readers that lock twice wait for ever where a writer came in
// between. Sharing costs about as much as a mutex; a writer looks at each seat.
#pragma once

#include <signet/sync/mutex.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace signet::sync {

class shared_mutex {
public:
    /// Finds it in the region, or makes it. `repair` is called with the lock of a writer. Throws
    /// `error` as `mutex` does.
    shared_mutex(const region& in, std::string_view name, mutex_options options = {});

    shared_mutex(const shared_mutex&) = delete;
    shared_mutex& operator=(const shared_mutex&) = delete;

    /// As in `mutex`.
    void lock() { take({}); }
    bool try_lock();
    bool try_lock_until(deadline until) { return take({.until = until}); }
    template <class Rep, class Period>
    bool try_lock_for(std::chrono::duration<Rep, Period> limit) {
        return try_lock_until(after(std::chrono::ceil<std::chrono::nanoseconds>(limit)));
    }
    void unlock() { writers_.unlock(); }
    bool lock_inherited();
    void mark_consistent() { writers_.mark_consistent(); }

    /// Shares the lock with other readers; waits while a writer has it or waits for it. Throws
    /// `error`: limit_reached where 65,535 threads of this process share it, and damaged where the
    /// readers of a process are miscounted, here as in `lock`.
    void lock_shared() { take_shared({}); }
    bool try_lock_shared();
    bool try_lock_shared_until(deadline until) { return take_shared({.until = until}); }
    template <class Rep, class Period>
    bool try_lock_shared_for(std::chrono::duration<Rep, Period> limit) {
        return try_lock_shared_until(after(std::chrono::ceil<std::chrono::nanoseconds>(limit)));
    }

    /// Where no thread of this process shares it: a contract_violation.
    void unlock_shared();

    /// W2 and W3 for the object at `where`.
    static void take_back(std::byte* where, std::uint64_t bytes, memory::stamp dead) noexcept;

private:
    /// How many threads of a seat read, twice, and whose count it is, with a check:
    ///     | generation: 21 | check of it: 11 | readers: 16 | readers: 16 |
    /// Whichever byte is damaged, it shows. Written by that seat, and set to 0 by whoever finds it
    /// dead.
    struct seat_readers {
        alignas(memory::line_bytes) memory::shared_word<std::uint64_t> word;
    };

    struct words {
        alignas(memory::line_bytes) lock_word writer;
        /// times readers left << 1 | a writer waits for that
        alignas(memory::line_bytes) memory::shared_word<std::uint32_t> left;
        seat_readers readers[1];  ///< one for each seat
    };

    class next_writer;

    shared_mutex(std::shared_ptr<region_core> in, std::string_view name, mutex_options options);

    bool take(const patience& limit);
    bool take_shared(const patience& limit);
    bool enter();
    void leave() noexcept;
    bool wait_for_writer(sleeper& waiting, const patience& limit);
    bool wait_for_readers(const patience& limit);
    std::uint64_t sound(std::uint64_t count) const;
    bool anybody_reads(std::uint32_t seat) const;
    bool anybody_reads() const;
    bool repair(const patience& limit);

    std::shared_ptr<region_core> in_;
    words* words_;
    mutex writers_;
};

}  // namespace signet::sync
