// SPDX-License-Identifier: Apache-2.0
// What the descriptors of a stream are watched for, in each set that watches it: always for bytes
// to read, and for room while there is something left to write. So a set needs no set inside it.
//
// Thread safety: any thread.
#pragma once

#include <signet/os/epoll.hpp>

#include <cstdint>
#include <mutex>
#include <vector>

namespace signet::transport {

class stream_interest {
public:
    /// The descriptors may be the same; they must last as long as this.
    stream_interest(int read_fd, int write_fd) : read_fd_{read_fd}, write_fd_{write_fd} {}

    /// The set reports both directions under `tag`. It must last until leave(). Throws `error`.
    void enter(os::epoll& set, std::uint64_t tag);
    void leave(const os::epoll& set) noexcept;

    /// There is something left to write now, or no more.
    void want_room(bool wanted);

private:
    struct watcher {
        os::epoll* set;
        std::uint64_t tag;
    };

    void watch_room(const watcher& in, bool wanted) const;
    void forget(os::epoll& set) const noexcept;

    int read_fd_;
    int write_fd_;
    std::mutex changing_;
    std::vector<watcher> watchers_;
    bool wants_room_ = false;
};

}  // namespace signet::transport
