// SPDX-License-Identifier: Apache-2.0
// Finds two threads where one may be at a time, and tells the second one so. It looks, and does not
// lock: what it misses is the mistake it was, what it finds is an error instead of garbage.
//
// Thread safety: any thread; moving it, as anything, is for when nobody uses it.
#pragma once

#include <signet/base/error.hpp>

#include <atomic>

namespace signet::face {

class one_thread {
public:
    one_thread() = default;
    one_thread(one_thread&&) noexcept {}
    one_thread& operator=(one_thread&&) noexcept { return *this; }

    /// As long as this lives, nobody else enters. Throws contract_violation: somebody is there.
    class stay {
    public:
        stay(one_thread& in, const char* complaint) : busy_{in.busy_} {
            // relaxed, all: a hint; the two threads share nothing by it
            if (busy_.load(std::memory_order_relaxed)) throw contract_violation{complaint};
            busy_.store(true, std::memory_order_relaxed);  // relaxed: as above
        }
        stay(const stay&) = delete;
        stay& operator=(const stay&) = delete;
        ~stay() { busy_.store(false, std::memory_order_relaxed); }  // relaxed: as above

    private:
        std::atomic<bool>& busy_;
    };

private:
    std::atomic<bool> busy_{false};
};

}  // namespace signet::face
