// SPDX-License-Identifier: Apache-2.0
// Sockets of which nothing is asked here but whether the other end is still there: a channel in
// shared memory has one, and what comes over it wakes nobody. Used under the plane's lock.
#pragma once

#include <signet/os/epoll.hpp>

#include <cstdint>
#include <map>

namespace signet::link {

/// Who is told that the other end of its socket is gone.
class lifeline {
public:
    /// Called once at most, in the driving thread, with the plane's lock held.
    virtual void hung_up() noexcept = 0;

protected:
    ~lifeline() = default;
};

class lifelines {
public:
    /// `tag` is what the set calls it. Throws `error`: the socket cannot be watched.
    void add(os::epoll& set, std::uint64_t tag, int socket, lifeline& told);

    void remove(os::epoll& set, std::uint64_t tag) noexcept;

    /// Whether it is one of ours; then it is told, and watched no more.
    bool tell(os::epoll& set, std::uint64_t tag) noexcept;

private:
    struct watched {
        int socket;
        lifeline* told;
    };

    std::map<std::uint64_t, watched> all_;
};

}  // namespace signet::link
