// SPDX-License-Identifier: Apache-2.0
// A mutex (mutex.hpp) that the thread which has it may lock again, and then unlocks as often.
//
// Thread safety: any thread of any process.
#pragma once

#include <signet/sync/mutex.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

namespace signet::sync {

class recursive_mutex {
public:
    /// As `mutex`, and the same in the region: others may open it as a `mutex`.
    recursive_mutex(const region& in, std::string_view name, mutex_options options = {})
        : mutex_{in, name, std::move(options)} {}

    void lock() {
        if (!again()) mutex_.lock();
    }
    bool try_lock() { return again() || mutex_.try_lock(); }
    bool try_lock_until(deadline until) { return again() || mutex_.try_lock_until(until); }
    template <class Rep, class Period>
    bool try_lock_for(std::chrono::duration<Rep, Period> limit) {
        return again() || mutex_.try_lock_for(limit);
    }
    bool lock_inherited() { return again() ? false : mutex_.lock_inherited(); }
    void mark_consistent() { mutex_.mark_consistent(); }

    /// By a thread that does not have it: a contract_violation.
    void unlock() {
        if (mutex_.held_here() && depth_ != 0) {
            --depth_;
        } else {
            mutex_.unlock();
        }
    }

private:
    bool again() {
        if (!mutex_.held_here()) return false;
        ++depth_;
        return true;
    }

    mutex mutex_;
    std::uint64_t depth_ = 0;  ///< locks beyond the first; guarded by the lock itself
};

}  // namespace signet::sync
