// SPDX-License-Identifier: Apache-2.0
// Which of the threads that poll a context drives it. One has the turn; the others wait until it is
// over, for what was done in it may be what they wait for, and then one of them may take the next.
// Any thread.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/event.hpp>

#include <mutex>

namespace signet::link {

class turns {
public:
    /// Takes the turn, which ends with this object, or waits for somebody else's to end.
    class ticket {
    public:
        explicit ticket(turns& of);
        ~ticket();
        ticket(const ticket&) = delete;
        ticket& operator=(const ticket&) = delete;

        /// Whether it is ours to drive.
        bool drives() const noexcept { return drives_; }

        /// Waits until the other's turn is over, `also` (where it is not negative) is readable, or
        /// the deadline passes.
        void follow(int also, deadline until);

    private:
        turns& of_;
        bool drives_;
    };

private:
    std::mutex mutex_;
    bool taken_ = false;
    int followers_ = 0;
    os::event over_;  // readable from the end of a turn until all who followed it have seen that
};

/// Waits until one of the two is readable or the deadline passes; a negative one is none.
void wait_for_either(int one, int other, deadline until);

}  // namespace signet::link
