// SPDX-License-Identifier: Apache-2.0
// A descriptor for a queue that has none: a thread that waits for messages without taking them, and
// makes an event readable. All members but `ask_again` and the thread's own belong to one thread.
#pragma once

#include <signet/os/event.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace signet::transport::sysv {

class sysv_lookout {
public:
    /// `wait` returns when there may be a message; false: never again. `wake` ends it.
    sysv_lookout(std::function<bool()> wait, std::function<void()> wake);
    ~sysv_lookout();

    sysv_lookout(const sysv_lookout&) = delete;
    sysv_lookout& operator=(const sysv_lookout&) = delete;

    /// All messages were taken: tell of the next.
    void ask_again();

    int fd() const noexcept { return seen_.fd(); }

private:
    void run();

    std::function<bool()> wait_;
    std::function<void()> wake_;
    os::event seen_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool asked_ = true;
    bool leaving_ = false;
    std::thread thread_;
};

}  // namespace signet::transport::sysv
