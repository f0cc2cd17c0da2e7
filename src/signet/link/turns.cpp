// SPDX-License-Identifier: Apache-2.0
#include <signet/link/turns.hpp>

#include <signet/os/epoll.hpp>
#include <signet/os/poll.hpp>

#include <array>

namespace signet::link {

turns::ticket::ticket(turns& of) : of_{of} {
    const std::lock_guard locked{of_.mutex_};
    drives_ = !of_.taken_;
    if (drives_) {
        of_.taken_ = true;
    } else {
        ++of_.followers_;
    }
}

turns::ticket::~ticket() {
    const std::lock_guard locked{of_.mutex_};
    if (drives_) {
        of_.taken_ = false;
        if (of_.followers_ != 0) of_.over_.signal();
    } else if (--of_.followers_ == 0) {
        of_.over_.drain();
    }
}

void turns::ticket::follow(int also, deadline until) {
    wait_for_either(of_.over_.fd(), also, until);
}

void wait_for_either(int one, int other, deadline until) {
    if (other < 0) {
        os::wait_readable(one, until);
        return;
    }
    os::epoll both;
    both.add(one, os::interest::readable, 0);
    both.add(other, os::interest::readable, 1);
    std::array<os::ready, 2> storage;
    both.wait(storage, until);
}

}  // namespace signet::link
