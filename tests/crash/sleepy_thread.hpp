// SPDX-License-Identifier: Apache-2.0
// Seeing from outside that somebody sleeps.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <stop_token>
#include <string>
#include <thread>

namespace signet::tests {

/// What the kernel is doing with a process or thread: 'R' runs, 'S' sleeps, 'Z' is dead.
inline char state_of(pid_t id) {
    std::ifstream file{"/proc/" + std::to_string(id) + "/stat"};
    std::string text;
    std::getline(file, text);
    const std::size_t name_end = text.rfind(')');
    return name_end == std::string::npos ? 'Z' : text[name_end + 2];
}

/// A thread that does something until it is told to stop, and is seen asleep meanwhile.
class sleepy_thread {
public:
    template <class Body>
    explicit sleepy_thread(Body body)
        : thread_{[this, body](const std::stop_token& stop) {
              id_ = gettid();
              body(stop);
              done_ = true;
          }} {}

    bool asleep() const { return id_ != 0 && state_of(id_) == 'S'; }
    bool done() const { return done_; }
    void stop() { thread_.request_stop(); }

private:
    std::atomic<pid_t> id_{0};
    std::atomic<bool> done_{false};
    std::jthread thread_;
};

}  // namespace signet::tests
