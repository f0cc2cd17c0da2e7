// SPDX-License-Identifier: Apache-2.0
// A lock for a few instructions: who waits keeps looking, for as long as a wake-up or two would
// take, and sleeps only then, so that a holder that is stopped or was moved off its processor does
// not cost others theirs. Otherwise a mutex (mutex.hpp): stamped, inherited, told.
//
// Thread safety: any thread of any process.
#pragma once

#include <signet/sync/mutex.hpp>

#include <string_view>
#include <utility>

namespace signet::sync {

class spin_lock {
public:
    /// As `mutex`, and the same in the region: others may open it as a `mutex`.
    spin_lock(const region& in, std::string_view name, mutex_options options = {})
        : mutex_{in, name, std::move(options)} {}

    void lock() {
        constexpr int rounds = 4;
        for (int i = 0; i < rounds; ++i) {
            if (spin([&] { return mutex_.looks_free(); }) && mutex_.try_lock()) return;
        }
        mutex_.lock();
    }
    bool try_lock() { return mutex_.try_lock(); }
    bool lock_inherited() { return mutex_.lock_inherited(); }
    void mark_consistent() { mutex_.mark_consistent(); }
    void unlock() { mutex_.unlock(); }

private:
    mutex mutex_;
};

}  // namespace signet::sync
