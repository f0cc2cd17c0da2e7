// SPDX-License-Identifier: Apache-2.0
// A descriptor that is readable when the event of an end of a channel was signalled, or its peer
// says hello; for waits on descriptors. Nobody reads the event, so that sets do not take each
// other's signals. One thread, which is that of its direction.
#pragma once

#include <signet/os/epoll.hpp>

namespace signet::transport::shm {

class event_set {
public:
    /// `greeting` is the socket that will say hello; -1: it has. Both are open as long as this.
    event_set(int event, int greeting);

    /// Makes it unreadable until the event is signalled again. The hello was heard.
    void settle();

    int fd() const noexcept { return set_.fd(); }

private:
    os::epoll set_;
    int greeting_;
};

}  // namespace signet::transport::shm
