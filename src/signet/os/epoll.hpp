// SPDX-License-Identifier: Apache-2.0
// A set of descriptors to wait on together. The set is itself a descriptor that is readable while
// one of its members is ready, so sets nest. Members are added and removed by any thread, also
// while another waits. A descriptor leaves the set when its last duplicate is closed.
#pragma once

#include <signet/base/time.hpp>
#include <signet/os/descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace signet::os {

/// What to watch a descriptor for. Combined with `|`. Hang-up and errors are always reported.
enum class interest : unsigned {
    hang_up = 0,         ///< nothing but the end of the other side
    readable = 1,        ///< there is something to read
    writable = 2,        ///< there is room to write
    edge_triggered = 4,  ///< told once per change, not for as long as it lasts
};

constexpr interest operator|(interest a, interest b) noexcept {
    return static_cast<interest>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

/// One member that is ready.
struct ready {
    std::uint64_t tag = 0;  ///< as given to `add`
    bool readable = false;
    bool writable = false;
    bool hang_up = false;  ///< the other side is gone, or an error is pending
};

class epoll {
public:
    /// The most members that one `wait` reports.
    static constexpr std::size_t ready_max = 64;

    /// Creates an empty set. Throws `error` at the limit of open files.
    epoll();

    /// Watches `fd`, reported under `tag`. Throws `error`: it is in the set already, it cannot be
    /// watched (a regular file), the limit of watches is reached.
    void add(int fd, interest wanted, std::uint64_t tag);

    /// Changes what `fd` is watched for, and its tag; re-arms an edge. Throws `error` where it is
    /// not in the set.
    void modify(int fd, interest wanted, std::uint64_t tag);

    /// Stops watching `fd`. Throws `error` where it is not in the set.
    void remove(int fd);

    /// Waits until a member is ready or the deadline passes (no member). Signals do not end it.
    /// Returns the filled front of `storage`, which must have room for one. Throws `error`.
    std::span<const ready> wait(std::span<ready> storage, deadline until);

    /// For a set of sets. Valid as long as this object.
    int fd() const noexcept { return set_.get(); }

private:
    void control(int operation, int fd, interest wanted, std::uint64_t tag, const char* verb);

    descriptor set_;
};

}  // namespace signet::os
