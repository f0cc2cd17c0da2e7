// SPDX-License-Identifier: Apache-2.0
// A mutex for a thread that takes it again and again, as a publisher does that looks for room, and
// others that want it now and then. With a plain one the first would keep a sleeping waiter out for
// as long as it goes on; here it stands back while somebody waits. Any thread.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>

namespace signet::transport::shm {

class fair_mutex {
public:
    void lock() {
        waiting_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a hint to stand back
        mutex_.lock();
        waiting_.fetch_sub(1, std::memory_order_relaxed);  // relaxed: as above
    }
    void unlock() { mutex_.unlock(); }

    /// For the one who takes it again and again. A waiter needs a while to wake up; one that does
    /// not get there in time (it is stopped, say) is not waited for.
    void lock_after_others() {
        // relaxed: a hint
        for (int i = 0; i < turns_given && waiting_.load(std::memory_order_relaxed) != 0; ++i) {
            std::this_thread::yield();
        }
        mutex_.lock();
    }

private:
    static constexpr int turns_given = 500;

    std::mutex mutex_;
    std::atomic<int> waiting_{0};
};

}  // namespace signet::transport::shm
