// SPDX-License-Identifier: Apache-2.0
// A mutex that whoever waits for it gets next. With a plain one, a thread that locks it again and
// again, as a publisher does that looks for room, keeps a sleeping waiter out for as long as it
// goes on. Meets Lockable's lock() and unlock(); any thread.
#pragma once

#include <mutex>

namespace signet::transport::shm {

class fair_mutex {
public:
    void lock() {
        const std::lock_guard in_line{line_};
        mutex_.lock();
    }
    void unlock() { mutex_.unlock(); }

private:
    std::mutex line_;  ///< held by the one who waits, so that the holder cannot pass him
    std::mutex mutex_;
};

}  // namespace signet::transport::shm
